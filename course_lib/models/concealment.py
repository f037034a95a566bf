"""Filling gaps: what a telephone plays while a packet is lost.

Linear models hear the pitch and the formants of the sound around a gap and let them ring on.
Forwards they know only what came before; the Kalman smoother also knows what comes after, and
returns the expectation of the gap given both sides. An expectation is what minimises the squared
error, and for that it gives up what it cannot know: in the middle of a long gap it fades. A draw
from the same distribution does not.
Notebook 05 tells this story.

References
----------
Janssen, Veldhuis and Vries (1986), Adaptive interpolation of discrete-time signals that can be
modeled as autoregressive processes, IEEE Trans. ASSP 34(2).
Kauppinen and Roth (2002), Audio signal extrapolation: theory and applications, Proc. DAFx.
Goodman, Lockhart, Wasem and Wong (1986), Waveform substitution techniques for recovering missing
speech segments in packet voice communications, IEEE Trans. ASSP 34(6) (repetition).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float

from course_lib.audio import Clip
from course_lib.core import check_count, check_generator, check_number
from course_lib.models.ar import AR
from course_lib.models.arma import ARMA
from course_lib.models.lattice import step_up

Gap = tuple[int, int]
Method = Literal[
    "silence", "repetition", "forward", "backward", "crossfade", "arma", "two-sided", "drawn"
]

SHORTEST_PERIOD, LONGEST_PERIOD = 1 / 400, 1 / 70
"""Seconds between which `repetition` looks for the pitch period of a voice."""


def conceal(
    clip: Clip,
    gaps: Sequence[Gap],
    *,
    method: Method = "two-sided",
    order: int | tuple[int, int] = 64,
    context: float = 0.1,
    rng: np.random.Generator | None = None,
) -> Clip:
    """Replace what is inside the gaps by what a model of their surroundings expects there.

    Parameters
    ----------
    clip : the sound; what it holds inside the gaps is not looked at
    gaps : (start, stop) in samples each, ascending and apart
    method : "silence"; "repetition" of the last pitch period; AR models that play on "forward",
        "backward" from the other side, or both with a "crossfade"; "arma", forward; "two-sided",
        the Kalman smoother's expectation given both sides; "drawn" from the same distribution
    order : of the AR models; (p, q) for "arma"
    context : seconds on either side that the model is fitted to and conditioned on
    rng : for "drawn", and only for it

    Raises
    ------
    TypeError, ValueError
        For gaps that are out of order, touch each other or the clip's ends, or have less context
        than the order needs beside them; or another method.

    References
    ----------
    Janssen et al. (1986); Kauppinen and Roth (2002); Goodman et al. (1986). Notebook 05.
    """
    if not isinstance(clip, Clip):
        raise TypeError(
            f"need a Clip, got {type(clip).__name__}; wrap an array as Clip(samples, sample_rate)"
        )
    if method not in get_args(Method):
        raise ValueError(f"need a method out of {', '.join(get_args(Method))}, got {method!r}")
    if method == "drawn":
        check_generator(rng)
    reach = max(round(check_number(context, "context", above=0) * clip.sample_rate), 1)
    edges = _check_gaps(gaps, len(clip))
    heard = clip.samples.astype(np.float64)
    result = heard.copy()
    for (_, before), (start, stop), (after, _) in zip(edges, edges[1:], edges[2:], strict=False):
        past = result[max(before, start - reach) : start]
        future = heard[stop : min(stop + reach, after)]
        result[start:stop] = _fill(past, future, stop - start, method, order, clip.sample_rate, rng)
    return clip.with_samples(result)
