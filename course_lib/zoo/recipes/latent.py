"""How the autoencoders were trained: of hits, and the codec of speech."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch

from course_lib.core import Batches, LabelledBatch, check_count
from course_lib.corpora import Catalogue, speech
from course_lib.models.latent.residual import CodecConfig, SpeechCodec
from course_lib.models.latent.tables import FLOOR
from course_lib.models.latent.vae import SoundVAE, SoundVAEConfig
from course_lib.models.latent.vqvae import SoundVQVAE, SoundVQVAEConfig
from course_lib.training import Schedule, crops
from course_lib.zoo.exams.codec import codec_scores, frame_error
from course_lib.zoo.exams.latent import bounds, coding, rebuilding_error
from course_lib.zoo.exams.percussion import judged, loss_on
from course_lib.zoo.hits import CLASSES
from course_lib.zoo.prompts import prepared
from course_lib.zoo.recipes.percussion import HitRecipe


@dataclass(frozen=True)
class PooledRecipe(HitRecipe):
    """As `HitRecipe`, but varied hits come again: small networks learn faster than hits vary.

    Parameters
    ----------
    configuration, schedule, variation, size, seed, validate_every, begins_with : as there
    pool : batches that are made; step i sees batch i mod pool, with noise of its own

    Raises
    ------
    TypeError, ValueError
        As there, or for a pool below 1.
    """

    pool: int = 40

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self.pool, "pool")

    def batches(self, network: torch.nn.Module) -> Batches:
        """Return what the network learns from: hits varied at random, rare classes more often."""
        fresh = cache(super().batches(network))

        def batch(index: int) -> LabelledBatch:
            return replace(fresh(index % self.pool), seed=index)

        return batch


@dataclass(frozen=True)
class VAERecipe(PooledRecipe):
    """How a variational autoencoder of hits is trained and examined; as in `PooledRecipe`."""

    configuration: SoundVAEConfig

    unit: ClassVar[str] = "nats per value"
    """Of `validate`."""

    def build(self) -> SoundVAE:
        """Return the untrained network."""
        return SoundVAE(self.configuration, seed=self.seed)

    def validate(self, network: SoundVAE) -> float:
        """Return minus the ELBO of the validation hits, per value of their tables."""
        return loss_on(network, "validation", seed=0)

    def examine(self, network: SoundVAE) -> dict[str, Any]:
        """Return what the card says of the test hits and of sounds drawn like them."""
        found: dict[str, Any] = {"rebuilding error": rebuilding_error(network)}
        return found | bounds(network) | judged(network)

    def describe(self, network: SoundVAE) -> str:
        """Return in a sentence what the network is and what it can do."""
        config, table = network.config, network.config.table
        return (
            f"variational autoencoder of {config.latents} latents over {table.frames} x "
            f"{table.bands} log-mel tables, {table.sample_rate} Hz; draws and mixes single hits "
            f"of {table.duration:.3f} s: {', '.join(config.classes)}"
        )

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        return f"{found['recognised']:.0%} of drawn hits recognised as what they should be"


@dataclass(frozen=True)
class VQVAERecipe(PooledRecipe):
    """How a vector-quantised autoencoder is trained and examined; as in `PooledRecipe`."""

    configuration: SoundVQVAEConfig

    unit: ClassVar[str] = "squared error and nats per code"
    """Of `validate`."""

    def build(self) -> SoundVQVAE:
        """Return the untrained network."""
        return SoundVQVAE(self.configuration, seed=self.seed)

    def validate(self, network: SoundVQVAE) -> float:
        """Return the loss on the validation hits."""
        return loss_on(network, "validation", seed=0)

    def examine(self, network: SoundVQVAE) -> dict[str, Any]:
        """Return what the card says of the test hits and of sounds drawn like them."""
        found: dict[str, Any] = {"rebuilding error": rebuilding_error(network)}
        return found | coding(network) | judged(network)

    def describe(self, network: SoundVQVAE) -> str:
        """Return in a sentence what the network is and what it can do."""
        config, (frames, bands) = network.config, network.config.grid
        return (
            f"vector-quantised autoencoder of {config.codes} codes, {frames} x {bands} of them a "
            f"hit, with a recurrent prior, {config.table.sample_rate} Hz; draws single hits of "
            f"{config.table.duration:.3f} s: {', '.join(config.classes)}"
        )

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        return f"{found['recognised']:.0%} of drawn hits recognised as what they should be"


@dataclass(frozen=True)
class CodecRecipe:
    """How the codec of speech is trained and examined.

    Parameters
    ----------
    configuration : of the codec
    schedule : how long and how fast
    length, size : mel frames in a piece, a multiple of the stride, and pieces in a batch
    seed : of the first weights and of the batches
    validate_every : steps between two looks at the validation prompts
    begins_with : the trained model of the same shape whose weights are the first ones, or None
    """

    configuration: CodecConfig
    schedule: Schedule
    length: int = 96
    size: int = 16
    seed: int = 1
    validate_every: int = 100
    begins_with: str | None = None

    unit: ClassVar[str] = "nats of log-mel"
    """Of `validate`."""

    def __post_init__(self) -> None:
        for name in ("length", "size", "validate_every"):
            check_count(getattr(self, name), name)
        check_count(self.seed, "seed", minimum=0)

    def build(self) -> SpeechCodec:
        """Return the untrained codec."""
        return SpeechCodec(self.configuration, seed=self.seed)

    def recordings(self) -> Catalogue:
        """Return the recordings that the codec learns from."""
        return speech(language="en", split="train")

    def batches(self, network: SpeechCodec) -> Batches:
        """Return what the codec learns from: pieces of the prompts' mel frames."""
        config = network.config
        clips = [prepared(each.load(config.sample_rate)) for each in self.recordings()]
        return crops(
            [clip.samples for clip in clips],
            length=(self.length - 2) * config.hop_length,  # with context, so many frames
            context=config.hop_length,
            size=self.size,
            seed=self.seed,
            mels=[network.seen(clip).astype(np.float32) for clip in clips],
            silent_mel=math.log(FLOOR),
            hop_length=config.hop_length,
        )

    def validate(self, network: SpeechCodec) -> float:
        """Return the mean absolute error of the validation prompts' frames."""
        return frame_error(network, "validation")

    def examine(self, network: SpeechCodec) -> dict[str, Any]:
        """Return what the card says of the test prompts and of sentences joined from them."""
        return codec_scores(network)

    def describe(self, network: SpeechCodec) -> str:
        """Return in a sentence what the codec is and what it can do."""
        config = network.config
        return (
            f"residual quantiser of {config.stages} x {config.codes} codes over {config.bands} mel "
            f"bands, {config.sample_rate} Hz; writes speech in {config.bits_per_second(1):.0f} to "
            f"{config.bits_per_second():.0f} bits a second"
        )

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        return (
            f"{found['bits per second']:.0f} bits a second, "
            f"{found['mel distance, dB']:.1f} dB from held-out recordings"
        )


LATENT: dict[str, VAERecipe | VQVAERecipe | CodecRecipe] = {
    "vae-percussion": VAERecipe(
        SoundVAEConfig(CLASSES),
        Schedule(250, 5e-3, warmup=20),
        size=16,
        validate_every=50,
    ),
    "vqvae-percussion": VQVAERecipe(
        SoundVQVAEConfig(CLASSES), Schedule(250, 5e-3, warmup=20), size=16, validate_every=50
    ),
    "codec-speech": CodecRecipe(CodecConfig(), Schedule(400, 3e-3, warmup=20)),
}
"""The autoencoders, by name."""
