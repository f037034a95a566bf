"""How the networks of hits were trained: diffusion models, and the classifier that judges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch

from course_lib.core import Batches, check_count
from course_lib.corpora import Catalogue
from course_lib.evaluation.ears.classifier import Classifier, ClassifierConfig
from course_lib.evaluation.generation import recognition
from course_lib.models.adversarial.gan import HitGame, WaveGAN, WaveGANConfig
from course_lib.models.diffusion.configuration import SoundDiffusionConfig
from course_lib.models.diffusion.diffwave import DiffWaveConfig
from course_lib.models.diffusion.sounds import SoundDiffusion
from course_lib.models.diffusion.unet import UNetConfig
from course_lib.training import AdversarialSchedule, Schedule
from course_lib.training.augmentation import Variation, variations
from course_lib.zoo.exams.percussion import (
    GUIDANCE,
    STEPS,
    bits,
    judged,
    loss_on,
    unrecognised,
    weighted_error,
)
from course_lib.zoo.hits import CLASSES, LENGTH, SAMPLE_RATE, hits, sounds_of


@dataclass(frozen=True)
class HitRecipe:
    """Everything that training on single hits depends on, beside the recordings themselves.

    Parameters
    ----------
    configuration : of the network
    schedule : how long and how fast
    variation : how much the hits are varied
    size : hits in a batch
    seed : of the first weights and of the batches
    validate_every : steps between two looks at the validation hits
    begins_with : the trained model of the same shape whose weights are the first ones, or None
    """

    configuration: Any
    schedule: Schedule
    variation: Variation = field(default_factory=Variation)
    size: int = 8
    seed: int = 1
    validate_every: int = 500
    begins_with: str | None = None

    def __post_init__(self) -> None:
        check_count(self.size, "size")
        check_count(self.validate_every, "validate_every")
        check_count(self.seed, "seed", minimum=0)

    def recordings(self) -> Catalogue:
        """Return the recordings that the network learns from."""
        return hits("train")

    def batches(self, network: torch.nn.Module) -> Batches:
        """Return what the network learns from: hits varied at random, rare classes more often."""
        clips, labels = sounds_of(self.recordings())
        return variations(
            clips,
            [CLASSES.index(label) for label in labels],
            self.variation,
            length=LENGTH,
            size=self.size,
            seed=self.seed,
        )


@dataclass(frozen=True)
class DiffusionRecipe(HitRecipe):
    """How a diffusion model of hits is trained and examined; parameters as in `HitRecipe`."""

    configuration: SoundDiffusionConfig

    unit: ClassVar[str] = "weighted squared error"
    """Of `validate`."""

    def build(self) -> SoundDiffusion:
        """Return the untrained network."""
        return SoundDiffusion(self.configuration, seed=self.seed)

    def validate(self, network: SoundDiffusion) -> float:
        """Return the loss on the validation hits, with the same noise each time."""
        return weighted_error(network, "validation")

    def examine(self, network: SoundDiffusion) -> dict[str, Any]:
        """Return what the card says of the test hits and of sounds drawn like them."""
        found: dict[str, Any] = {"weighted squared error": weighted_error(network, "test")}
        return (
            found
            | judged(network, guidance=GUIDANCE, steps=STEPS)
            | {"bits per sample of some": bits(network)}
        )

    def describe(self, network: SoundDiffusion) -> str:
        """Return in a sentence what the network is and what it can do."""
        config = network.config
        shape = config.body.describe(config.length)
        trained = {"edm": "denoising (EDM)", "flow": "flow matching"}[config.path]
        return (
            f"{shape}, trained by {trained}, {config.sample_rate} Hz; draws single hits of "
            f"{config.duration:.3f} s: {', '.join(config.classes)}"
        )

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        return f"{found['recognised']:.0%} of drawn hits recognised as what they should be"


@dataclass(frozen=True)
class WaveGANRecipe(HitRecipe):
    """How a WaveGAN of hits is trained and examined; parameters as in `HitRecipe`."""

    configuration: WaveGANConfig
    schedule: AdversarialSchedule

    unit: ClassVar[str] = "not recognised, as a share"
    """Of `validate`."""

    def build(self) -> HitGame:
        """Return the game, both networks untrained."""
        return HitGame(self.configuration, seed=self.seed)

    def validate(self, network: HitGame) -> float:
        """Return which share of its hits is not recognised: a game has no loss that falls."""
        return unrecognised(network.kept)

    def examine(self, network: WaveGAN) -> dict[str, Any]:
        """Return what the card says of sounds drawn like the held-out hits."""
        return judged(network)

    def describe(self, network: WaveGAN) -> str:
        """Return in a sentence what the network is and what it can do."""
        config = network.config
        return (
            f"WaveGAN of {len(config.channels)} layers, {config.sample_rate} Hz; draws single hits "
            f"of {config.duration:.3f} s in one pass: {', '.join(config.classes)}"
        )

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        return f"{found['recognised']:.0%} of drawn hits recognised as what they should be"


@dataclass(frozen=True)
class ClassifierRecipe(HitRecipe):
    """How the classifier of hits is trained and examined; parameters as in `HitRecipe`."""

    configuration: ClassifierConfig

    unit: ClassVar[str] = "nats per sound"
    """Of `validate`."""

    def build(self) -> Classifier:
        """Return the untrained classifier."""
        return Classifier(self.configuration, seed=self.seed)

    def validate(self, network: Classifier) -> float:
        """Return the loss on the validation hits."""
        return loss_on(network, "validation", seed=0)

    def examine(self, network: Classifier) -> dict[str, Any]:
        """Return what the card says: how many hits of each split it recognises."""
        return {
            f"accuracy, {split}": recognition(network, *sounds_of(hits(split))).accuracy
            for split in ("train", "validation", "test")
        }

    def describe(self, network: Classifier) -> str:
        """Return in a sentence what the classifier is and what it can do."""
        config = network.config
        return (
            f"convolutions of {', '.join(map(str, config.channels))} channels over log-mel frames, "
            f"{config.sample_rate} Hz; tells {len(config.classes)} classes of hits apart: "
            f"{', '.join(config.classes)}"
        )

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        return f"{found['accuracy, test']:.0%} of held-out hits recognised"


def _of_hits(body: UNetConfig | DiffWaveConfig, **settings: Any) -> SoundDiffusionConfig:
    return SoundDiffusionConfig(CLASSES, body, length=LENGTH, sample_rate=SAMPLE_RATE, **settings)


PERCUSSION: dict[str, DiffusionRecipe | WaveGANRecipe | ClassifierRecipe] = {
    "percussion-classifier": ClassifierRecipe(
        ClassifierConfig(CLASSES, hop_length=512),
        Schedule(400, 3e-3, warmup=40, weight_decay=0.05, precision="auto"),
        # Far from what is plausible for a drum: kits differ by more than that.
        Variation(semitones=8, decibels=0, damping=120, level=0, shift=0.02, colour=6, noise=30),
        size=32,
        validate_every=100,
    ),
    "diffusion-percussion": DiffusionRecipe(
        _of_hits(UNetConfig(), scale=0.12), Schedule(12_000, 2e-3, warmup=200, precision="auto")
    ),
    "flow-percussion": DiffusionRecipe(
        _of_hits(UNetConfig(), scale=0.12, path="flow", level_mean=0.0),
        Schedule(2500, 1e-3, warmup=100, precision="auto"),
        begins_with="diffusion-percussion",
    ),
    "wavegan-percussion": WaveGANRecipe(
        WaveGANConfig(CLASSES),
        AdversarialSchedule(
            400, 2e-3, warmup=20, weight_decay=0.0, discriminator_rate=0.4, averaging=0.97
        ),
        size=8,
        validate_every=200,
    ),
    "diffwave-percussion": DiffusionRecipe(
        _of_hits(DiffWaveConfig(), scale=0.09, level_mean=-1.2),
        Schedule(2000, 2e-3, warmup=100, precision="auto"),
    ),
}
"""The models of single hits, by name."""
