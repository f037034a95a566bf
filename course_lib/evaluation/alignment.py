"""Whether attention reads: how sharp it is, how much it reads, and whether it goes forward.

An attention matrix has shape (steps, tokens): each row holds the weights, 0 or more with sum 1,
with which one step of a decoder looks at the tokens.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from course_lib.core import shown
from course_lib.core.checks import as_array

ENOUGH = 0.5
"""Steps' worth of attention after which a token counts as read."""

STILL = 1e-4
"""Tokens that attention must move by in all, so that rounding is not taken for movement."""

TOLERANCE = 1e-3
"""How far the weights of a step may sum from one."""


class Alignment(NamedTuple):
    """What `judge_alignment` measures; each is best at 1.

    Attributes
    ----------
    focus : mean over steps of the largest weight, from 1 / tokens to 1
    coverage : share of the tokens that are read, from 0 to 1
    monotonicity : how far it gets, over how far it moves: 1 straight on, 0 nowhere, -1 backwards
    """

    focus: float
    coverage: float
    monotonicity: float


def judge_alignment(attention: Float[np.ndarray, "steps tokens"]) -> Alignment:
    """Return how sharp, complete and monotonic an attention matrix A is.

        focus        = (1 / S) sum_t max_j A[t, j]
        coverage     = (1 / T) #{j : sum_t A[t, j] >= 1/2}
        monotonicity = (p[S-1] - p[0]) / sum_{t=1}^{S-1} |p[t] - p[t-1]|,  p[t] = sum_j j A[t, j]

    for S steps and T tokens. p is where a step looks on average; monotonicity is 0 where that
    never moves by more than rounding. Give the matrix of one sentence, without
    the steps and tokens of padding.

    Parameters
    ----------
    attention : A, of shape (steps, tokens)

    Raises
    ------
    TypeError, ValueError
        For another shape, no steps or tokens, or rows that are not weights with sum 1.

    References
    ----------
    Ren et al. (2019), "FastSpeech", section 3.3, for the focus rate; the others are this course's.
    Notebook: 13.
    """
    attention = check_attention(attention)
    position = attention @ np.arange(attention.shape[1])
    moved = np.abs(np.diff(position)).sum()
    return Alignment(
        focus=float(attention.max(axis=1).mean()),
        coverage=float(np.mean(attention.sum(axis=0) >= ENOUGH)),
        monotonicity=float((position[-1] - position[0]) / moved) if moved > STILL else 0.0,
    )


def check_attention(attention: Any) -> Float[np.ndarray, "steps tokens"]:
    """Return attention weights as float64, or say what is wrong with them.

    Raises
    ------
    TypeError, ValueError
        As `judge_alignment`.
    """
    array = as_array(attention, "attention")
    if array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"need attention of shape (steps, tokens), one or more of each, got {array.shape}; "
            "take one sentence out of a batch"
        )
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(f"need floating-point attention, got {array.dtype}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all() or array.min() < 0:
        raise ValueError("need finite weights of 0 or more in attention, got others")
    sums = array.sum(axis=1)
    worst = int(np.abs(sums - 1).argmax())
    if abs(sums[worst] - 1) > TOLERANCE:
        raise ValueError(
            f"need weights that sum to 1 over the tokens, got {shown(sums[worst], 1)} "
            f"at step {worst}; apply a softmax, and cut padding off"
        )
    return array
