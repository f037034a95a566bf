"""How the models of single hits were trained: diffusion models, and the classifier that judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, ClassVar, Literal

import numpy as np
import torch

from course_lib.audio import Clip
from course_lib.core import Batches, LabelledBatch, check_count, seeded, spawn
from course_lib.corpora import Catalogue, percussion
from course_lib.evaluation import bits_per_sample
from course_lib.evaluation.ears.classifier import Classifier, ClassifierConfig
from course_lib.evaluation.ears.embedding import SoundEffects
from course_lib.evaluation.generation import (
    Embedding,
    Hits,
    compare_generators,
    copy_share,
    recognition,
)
from course_lib.features import MuLaw
from course_lib.models.diffusion.diffwave import DiffWaveConfig
from course_lib.models.diffusion.sounds import SoundDiffusion, SoundDiffusionConfig
from course_lib.models.diffusion.unet import UNetConfig
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.training import Schedule
from course_lib.training.augmentation import Variation, variations

CLASSES = ("bell", "cymbal", "hand drum", "hihat", "kick", "snare", "tom")
"""The kinds of hits that both are trained and can be judged: six training hits or more, from
several kits, and hits from other kits to judge by."""

LENGTH, SAMPLE_RATE = 16_384, 16_000
"""Samples in a hit, filled up with silence, and samples a second."""

GUIDANCE, STEPS = 2.0, 25
"""With which hits are drawn when a model is judged."""


def hits(split: str) -> Catalogue:
    """Return the recordings of a split."""
    return percussion(label=CLASSES, split=split)


def sounds_of(recordings: Catalogue) -> tuple[list[Clip], list[str]]:
    """Return the hits of some recordings, filled up with silence, and the class of each."""
    clips = [recording.load(SAMPLE_RATE) for recording in recordings]
    filled = [
        Clip(np.pad(clip.samples, (0, LENGTH - len(clip))).astype(np.float32), SAMPLE_RATE)
        for clip in clips
    ]
    return filled, [recording.label for recording in recordings]


def loss_on(network: SoundDiffusion | Classifier, split: str, *, seed: int) -> float:
    """Return a network's loss on all hits of a split, taken as one batch."""
    batch = batch_of(hits(split), seed=seed).to(next(network.parameters()).device)
    with torch.no_grad():
        return float(network.loss(batch)[0])


def batch_of(recordings: Catalogue, *, seed: int) -> LabelledBatch:
    """Return all hits of some recordings as one batch."""
    clips, labels = sounds_of(recordings)
    return LabelledBatch(
        torch.from_numpy(np.stack([clip.samples for clip in clips], axis=1)),
        torch.tensor([CLASSES.index(label) for label in labels]),
        seed,
    )


@dataclass(frozen=True)
class HitRecipe:
    """Everything that training on single hits depends on, beside the recordings themselves.

    Parameters
    ----------
    network : the configuration of the model
    schedule : how long and how fast
    variation : how much the hits are varied
    size : hits in a batch
    seed : of the first weights and of the batches
    validate_every : steps between two looks at the validation hits
    begins_with : the trained model of the same shape whose weights are the first ones, or None

    Raises
    ------
    TypeError, ValueError
        For counts below 1, or a seed below 0.
    """

    network: Any
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

    network: SoundDiffusionConfig

    unit: ClassVar[str] = "weighted squared error"
    """Of `validate`."""

    def build(self) -> SoundDiffusion:
        """Return the untrained network."""
        return SoundDiffusion(self.network, seed=self.seed)

    def validate(self, network: SoundDiffusion) -> float:
        """Return the loss on the validation hits, with the same noise each time."""
        return weighted_error(network, "validation")

    def examine(self, network: SoundDiffusion) -> dict[str, Any]:
        """Return what the card says of the test hits and of sounds drawn like them."""
        found: dict[str, Any] = {"weighted squared error": weighted_error(network, "test")}
        return found | judged(network) | {"bits per sample of some": bits(network)}

    def describe(self, network: SoundDiffusion) -> str:
        """Return in a sentence what the network is and what it can do."""
        config = network.config
        body = config.body
        if isinstance(body, UNetConfig):
            shape = f"U-Net over {config.length // body.bands} x {body.bands} MDCT coefficients"
        else:
            shape = f"DiffWave of {len(body.dilations)} layers and {body.channels} channels"
        trained = {"edm": "denoising (EDM)", "flow": "flow matching"}[config.path]
        return (
            f"{shape}, trained by {trained}, {config.sample_rate} Hz; draws single hits of "
            f"{config.duration:.3f} s: {', '.join(config.classes)}"
        )


@dataclass(frozen=True)
class ClassifierRecipe(HitRecipe):
    """How the classifier of hits is trained and examined; parameters as in `HitRecipe`."""

    network: ClassifierConfig

    unit: ClassVar[str] = "nats per sound"
    """Of `validate`."""

    def build(self) -> Classifier:
        """Return the untrained classifier."""
        return Classifier(self.network, seed=self.seed)

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


def weighted_error(network: SoundDiffusion, split: str, *, draws: int = 4) -> float:
    """Return the loss on the hits of a split, averaged over `draws` times the same noise."""
    return float(np.mean([loss_on(network, split, seed=i) for i in range(draws)]))


def held_out() -> Hits:
    """Return the hits of kits that no model of this course has learned from."""
    return Hits(*sounds_of(percussion(label=CLASSES, split=("test", "validation"))))


def drawn_like(
    network: SoundDiffusion, labels: Sequence[str], *, seed: int = 1, **settings: Any
) -> Hits:
    """Return one drawn hit for each label; settings as in `SoundDiffusion.sample`.

    The i-th hit of a class depends on the class, i and the seed alone.
    """
    counts = Counter(labels)
    drawn = {
        label: iter(
            network.sample(
                count=count,
                label=label,
                rng=np.random.default_rng([seed, CLASSES.index(label)]),
                **settings,
            )
        )
        for label, count in counts.items()
    }
    return Hits([Clip(next(drawn[label]), SAMPLE_RATE) for label in labels], list(labels))


def embeddings() -> dict[str, Embedding]:
    """Return the features in which sounds are compared: the classifier's, and aisfx's if there."""
    found: dict[str, Embedding] = {"classifier": classifier().features}
    if find_spec("aisfx"):
        found["aisfx"] = SoundEffects()
    return found


def classifier() -> Classifier:
    """Return the trained classifier of hits.

    Raises
    ------
    ValueError
        Where it has not been trained.
    """
    from course_lib.zoo.store import load  # which knows every kind of network, and so this file

    network = load("percussion-classifier")
    if not isinstance(network, Classifier):
        raise ValueError(
            f"need a classifier called percussion-classifier, got a {type(network).__name__}; "
            "restore it (git restore data/zoo)"
        )
    return network


def judged(network: SoundDiffusion) -> dict[str, Any]:
    """Return how like held-out hits are as many drawn ones, of the same classes.

    Shares recognised by the classifier, of drawn and of held-out hits; the rows of
    `compare_generators` in each embedding; and which share of the drawn hits are copies.
    """
    real, training = held_out(), Hits(*sounds_of(hits("train")))
    drawn = drawn_like(network, real.labels, guidance=GUIDANCE, steps=STEPS)
    judge = classifier()
    found: dict[str, Any] = {
        "recognised": recognition(judge, *drawn).accuracy,
        "recognised, held-out hits": recognition(judge, *real).accuracy,
    }
    ears = embeddings()
    scores = compare_generators(real, training, {"drawn": drawn}, ears, rng=seeded(1))
    for name, embed in ears.items():
        found[f"against held-out hits, {name}"] = {
            row: {"Fréchet distance": score.frechet, **score.overlap._asdict()}
            for row, score in scores[name].items()
        }
        found[f"copies, {name}"] = copy_share(embed(training.clips), embed(drawn.clips))
    return found | {"drawn with": {"guidance": GUIDANCE, "steps": STEPS, "seed": 1}}


def bits(network: SoundDiffusion, *, every: int = 4) -> dict[str, Any]:
    """Return the bits per sample of every fourth test hit, silence after it included.

    On the grid of 8-bit mu-law; each hit is scored as one of its class, by the estimate and by
    the lower bound, and beside them stands the adaptive autoregression of chapter 03.
    """
    encoding, (clips, labels) = MuLaw(), sounds_of(hits("test"))
    some = list(zip(clips, labels, strict=True))[::every]
    kinds: tuple[Literal["estimate", "lower bound"], ...] = ("estimate", "lower bound")
    found: dict[str, Any] = {
        "encoding": encoding.name,
        "sample rate": SAMPLE_RATE,
        "hits": len(some),
        "samples": len(some) * LENGTH,
    }
    for kind in kinds:
        each = []
        for i, (clip, label) in enumerate(some):
            probes, dithers = spawn(seeded(i), 2)  # which must not know of each other
            scorer = network.scorer(label, rng=probes, kind=kind)
            each.append(bits_per_sample(scorer, clip, encoding, rng=dithers).bits)
        found[kind] = float(np.mean(each))  # all are of one length
    found["adaptive AR"] = bits_per_sample(AdaptiveAR(), [clip for clip, _ in some], encoding).bits
    return found


def _of_hits(body: UNetConfig | DiffWaveConfig, **settings: Any) -> SoundDiffusionConfig:
    return SoundDiffusionConfig(CLASSES, body, length=LENGTH, sample_rate=SAMPLE_RATE, **settings)


PERCUSSION: dict[str, DiffusionRecipe | ClassifierRecipe] = {
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
    "diffwave-percussion": DiffusionRecipe(
        _of_hits(DiffWaveConfig(), scale=0.09, level_mean=-1.2),
        Schedule(2000, 2e-3, warmup=100, precision="auto"),
    ),
}
"""The models of single hits, by name."""
