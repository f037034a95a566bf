"""What networks of single hits are asked: how like held-out hits are those that they draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np
import torch

from course_lib.audio import Clip
from course_lib.core import seeded, spawn
from course_lib.corpora import percussion
from course_lib.evaluation import bits_per_sample
from course_lib.evaluation.ears.classifier import Classifier
from course_lib.evaluation.ears.embedding import SoundEffects
from course_lib.evaluation.generation import Embedding, Hits, compare_generators, recognition
from course_lib.evaluation.sets import copy_share
from course_lib.features import MuLaw
from course_lib.models.adversarial.gan import WaveGAN
from course_lib.models.diffusion.sounds import SoundDiffusion
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.zoo.hits import (
    CLASSES,
    LENGTH,
    SAMPLE_RATE,
    batch_of,
    held_out,
    hits,
    sounds_of,
)
from course_lib.zoo.store import load

GUIDANCE, STEPS = 2.0, 25
"""With which hits are drawn when a model is judged."""


def loss_on(network: Any, split: str, *, seed: int) -> float:
    """Return a network's loss on all hits of a split, taken as one batch."""
    batch = batch_of(hits(split), seed=seed).to(next(network.parameters()).device)
    with torch.no_grad():
        return float(network.loss(batch)[0])


def weighted_error(network: SoundDiffusion, split: str, *, draws: int = 4) -> float:
    """Return the loss on the hits of a split, averaged over `draws` times the same noise."""
    return float(np.mean([loss_on(network, split, seed=i) for i in range(draws)]))


def drawn_like(network: Any, labels: Sequence[str], *, seed: int = 1, **settings: Any) -> Hits:
    """Return one drawn hit for each label; settings as in the network's `sample`.

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


def unrecognised(network: WaveGAN, *, count: int = 10) -> float:
    """Return which share of drawn hits the classifier does not hear as what they should be."""
    drawn = drawn_like(network, [label for label in CLASSES for _ in range(count)])
    return 1 - recognition(classifier(), *drawn).accuracy


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
    network = load("percussion-classifier")
    if not isinstance(network, Classifier):
        raise ValueError(
            f"need a classifier called percussion-classifier, got a {type(network).__name__}; "
            "restore it (git restore data/zoo)"
        )
    return network


def judged(network: Any, **settings: Any) -> dict[str, Any]:
    """Return how like held-out hits are as many drawn ones, of the same classes.

    Settings are those of the network's `sample`.

    Shares recognised by the classifier, of drawn and of held-out hits; the rows of
    `compare_generators` in each embedding; which share of the drawn hits are copies; and how many
    held-out hits these were, from which kits.
    """
    real, training = held_out(), Hits(*sounds_of(hits("train")))
    drawn = drawn_like(network, real.labels, **settings)
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
    kits = percussion(label=CLASSES, split="test").values("voice")
    return found | {
        "held-out hits": {"hits": len(real.labels), "kits": list(kits)},
        "drawn with": {**settings, "seed": 1},
    }


def bits(network: SoundDiffusion, *, every: int = 9) -> dict[str, Any]:
    """Return the bits per sample of every ninth test hit, silence after it included.

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
