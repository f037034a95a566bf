"""How well gaps are filled: distances between what was lost and what was put in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course_lib.applications.concealment import Gap, Method, conceal, lose_packets
from course_lib.audio import Clip
from course_lib.core import check_count, check_generator
from course_lib.evaluation.spectral import log_spectral_distance, snr

WINDOW = 0.016
"""Seconds a spectrum looks at; a gap of 20 ms is not seen by a much longer one."""

DYNAMIC_RANGE = 60.0
"""dB below the loudest point at which a difference no longer counts."""

METHODS: tuple[Method, ...] = (
    "silence", "repetition", "forward", "backward", "crossfade", "arma", "two-sided", "drawn",
)  # fmt: skip


class ConcealmentScore(NamedTuple):
    """Means over gaps: log-spectral distance and signal-to-noise ratio, both in dB."""

    distance: float
    snr: float
    gaps: int


def score_gaps(original: Clip, concealed: Clip, gaps: Sequence[Gap]) -> ConcealmentScore:
    """Return how near a concealed clip comes to the original, where it was concealed.

    The log-spectral distance is taken over each gap and 16 ms beside it, so that a jump at its
    edge counts too; the signal-to-noise ratio over the gap alone.

    Raises
    ------
    TypeError, ValueError
        For no gaps, clips of different lengths, or a gap in which the original is silent.
    """
    if not gaps:
        raise ValueError("need at least one gap to score, got none")
    window = round(WINDOW * original.sample_rate) // 2 * 2
    distances, ratios = [], []
    for start, stop in gaps:
        around = slice(max(start - window, 0), stop + window)
        distances.append(
            log_spectral_distance(
                original.samples[around],
                concealed.samples[around],
                window_length=window,
                hop_length=window // 8,
                dynamic_range=DYNAMIC_RANGE,
            )
        )
        ratios.append(snr(original.samples[start:stop], concealed.samples[start:stop]))
    return ConcealmentScore(float(np.mean(distances)), float(np.mean(ratios)), len(gaps))


def compare_concealment(
    clips: Sequence[Clip],
    packet: float,
    *,
    methods: Sequence[Method] = METHODS,
    fraction: float = 0.1,
    order: int = 100,
    context: float = 0.05,
    rng: np.random.Generator,
) -> dict[Method, ConcealmentScore]:
    """Lose packets of every clip, and score how each method conceals the same ones.

    Parameters
    ----------
    clips : recordings that no model has seen; those too short to lose a packet are left out
    packet : seconds a packet
    methods : of ``conceal``
    fraction : of each clip's audible packets that are lost
    order, context : for ``conceal``
    rng : chooses the packets, and draws

    Raises
    ------
    TypeError, ValueError
        For no clip that is long enough, or bad settings.
    """
    check_generator(rng)
    order = check_count(order, "order")
    margin = max(context, (order + 1) / min(clip.sample_rate for clip in clips)) if clips else 0
    long_enough = [clip for clip in clips if clip.duration >= packet + 2 * margin + 0.001]
    if not long_enough:
        raise ValueError(
            f"need a clip of at least {packet + 2 * margin + 0.001:.3f} s to lose a packet from, "
            f"got {len(clips)} clips and none as long"
        )
    # The same packets are lost for every method
    lost = [
        (clip, lose_packets(clip, packet, fraction=fraction, margin=margin, rng=rng))
        for clip in long_enough
    ]
    scores: dict[Method, ConcealmentScore] = {}
    for method in methods:
        parts = [
            score_gaps(
                clip,
                conceal(clip, gaps, method=method, order=order, context=context, rng=rng),
                gaps,
            )
            for clip, gaps in lost
        ]
        count = [part.gaps for part in parts]
        scores[method] = ConcealmentScore(
            float(np.average([part.distance for part in parts], weights=count)),
            float(np.average([part.snr for part in parts], weights=count)),
            sum(count),
        )
    return scores
