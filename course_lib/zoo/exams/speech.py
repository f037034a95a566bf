"""What networks of the waveform are asked: how many bits they need for held-out prompts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from course_lib.corpora import Recording
from course_lib.evaluation import bits_per_sample
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.zoo.prompts import Network, by_length, conditions, prepared

FEW_RECORDINGS = 5
"""The shortest recordings of a split, so many of them, can be scored again in a second or two."""


def score(network: Network, recordings: Iterable[Recording]) -> float:
    """Return the bits per sample that a network needs for recordings, on its own grid.

    -log2 P(all levels) / samples, each recording with the voice or the frames that are its own.

    Raises
    ------
    ValueError
        For no recordings.
    """
    nats, samples = 0.0, 0
    encoding = network.config.encoding
    for recording in recordings:
        clip = prepared(recording.load(network.config.sample_rate))
        told = conditions(network, recording, clip)
        nats += network.level_log_likelihood(encoding.encode(clip), encoding, **told).nats
        samples += len(clip)
    if not samples:
        raise ValueError("need at least one recording to score, got none")
    return -nats / math.log(2) / samples


def scores(network: Network, recordings: Iterable[Recording]) -> dict[str, Any]:
    """Return the bits per sample of held-out recordings, and of the shortest for a quick check.

    Beside an 8-bit network stands the adaptive autoregression of chapter 03 on the same clips.
    """
    config = network.config
    recordings = by_length(recordings)
    clips = [prepared(recording.load(config.sample_rate)) for recording in recordings]
    found = {
        "encoding": config.encoding.name,
        "sample rate": config.sample_rate,
        "recordings": len(clips),
        "samples": sum(map(len, clips)),
        "bits per sample": score(network, recordings),
        f"bits per sample, {FEW_RECORDINGS} shortest": score(network, recordings[:FEW_RECORDINGS]),
    }
    if config.levels == 256:
        adaptive = bits_per_sample(AdaptiveAR(), clips, config.encoding)
        found["bits per sample, adaptive AR"] = adaptive.bits
    return found
