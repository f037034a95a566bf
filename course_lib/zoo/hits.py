"""The hits that are trained on and judged by: classes, length, and how they are brought to it."""

from __future__ import annotations

import numpy as np
import torch

from course_lib.audio import Clip
from course_lib.core import LabelledBatch
from course_lib.corpora import Catalogue, Recording, percussion
from course_lib.evaluation.generation import Hits

CLASSES = ("bell", "cymbal", "hand drum", "hihat", "kick", "snare", "tom")
"""The kinds of hits that both are trained and can be judged: six training hits or more, from
several kits, and hits from other kits to judge by."""

LENGTH, SAMPLE_RATE = 16_384, 16_000
"""Samples in a hit, filled up with silence, and samples a second."""


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


def batch_of(recordings: Catalogue, *, seed: int) -> LabelledBatch:
    """Return all hits of some recordings as one batch."""
    clips, labels = sounds_of(recordings)
    return LabelledBatch(
        torch.from_numpy(np.stack([clip.samples for clip in clips])),
        torch.tensor([CLASSES.index(label) for label in labels]),
        seed,
    )


def held_out() -> Hits:
    """Return test hits, of kits that no model of this course has learned from.

    Of each class there are as many as the poorest has, spread evenly over the names: otherwise
    the cymbals and hand drums, which are many, would decide what is said of all.
    """
    chosen: list[Recording] = []
    least = min(len(hits("test").select(label=label)) for label in CLASSES)
    for label in CLASSES:
        some = hits("test").select(label=label)
        chosen += [some[int(i)] for i in np.linspace(0, len(some) - 1, least).round()]
    return Hits(*sounds_of(Catalogue(chosen)))
