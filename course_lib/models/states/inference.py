"""What can be said of hidden states: the recursions of hidden Markov models, as array functions.

With start probabilities pi, transitions a[i, j] = P(j | i) and densities b_j[t] = p(x_t | j):

    alpha_t(j) = p(x_1 .. x_t, state j at t)      = b_j[t] sum_i alpha_{t-1}(i) a[i, j]
    beta_t(i)  = p(x_{t+1} .. x_T | state i at t) = sum_j a[i, j] b_j[t+1] beta_{t+1}(j)

Both shrink exponentially with time and leave float64 after some hundred frames. Two cures are
here: `forward_by_hand` and `backward_by_hand` divide each row by its sum and keep the sums;
`log_forward` and `log_backward` stay with logarithms. Notebook: 06.

References
----------
Rabiner (1989), "A tutorial on hidden Markov models and selected applications in speech
recognition", Proc. IEEE 77(2), eq. 18-37 and 91-103.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from course_lib.kernels import states as kernels

THIN = 1e-100
"""A frame that leaves so little of the past's probability is reckoned with logarithms instead."""


class Posterior(NamedTuple):
    """What the data say about the states.

    Attributes
    ----------
    nats : log p(x), in nats
    states : gamma[t, i] = P(state i at t | x), (time, states)
    moves : sum_t P(i at t, j at t + 1 | x), the expected number of moves, (states, states)
    """

    nats: float
    states: Float[np.ndarray, "time states"]
    moves: Float[np.ndarray, "states states"]


def posterior(
    start: Float[np.ndarray, "states"],
    transitions: Float[np.ndarray, "states states"],
    log_densities: Float[np.ndarray, "time states"],
) -> Posterior:
    """Return the posterior of states and moves: scaled, or in logarithms where scaling is thin.

    gamma[t, i] is alpha_t(i) beta_t(i) / p(x), and P(i at t, j at t + 1 | x) is
    alpha_t(i) a[i, j] b_j[t + 1] beta_{t+1}(j) / p(x).

    Raises
    ------
    ValueError
        Where no sequence of states can have made the data.

    References
    ----------
    Rabiner (1989), eq. 27 and 37.
    """
    densities, tops = kernels.exponentials(log_densities)
    alpha, scales = kernels.forward(start, transitions, densities)
    if scales.min() < THIN:
        return log_posterior(start, transitions, log_densities)
    turned = np.ascontiguousarray(transitions.T)
    beta, arriving = kernels.backward(turned, densities, scales)
    gamma = alpha * beta
    gamma /= gamma.sum(axis=1, keepdims=True)  # it is one already, but for rounding
    moves = transitions * (alpha[:-1].T @ arriving[1:])
    return Posterior(float(np.log(scales).sum() + tops.sum()), gamma, moves)


def log_likelihood(
    start: Float[np.ndarray, "states"],
    transitions: Float[np.ndarray, "states states"],
    log_densities: Float[np.ndarray, "time states"],
) -> float:
    """Return log p(x), by the forward recursion alone.

    Raises
    ------
    ValueError
        As ``posterior``.
    """
    densities, tops = kernels.exponentials(log_densities)
    _, scales = kernels.forward(start, transitions, densities)
    if scales.min() < THIN:
        with np.errstate(divide="ignore"):
            log_alpha = log_forward(np.log(start), np.log(transitions), log_densities)
        return _possible(np.logaddexp.reduce(log_alpha[-1]))
    return float(np.log(scales).sum() + tops.sum())


def log_posterior(
    start: Float[np.ndarray, "states"],
    transitions: Float[np.ndarray, "states states"],
    log_densities: Float[np.ndarray, "time states"],
) -> Posterior:
    """Return what ``posterior`` returns, with logarithms throughout: slower, never thin.

    Raises
    ------
    ValueError
        As ``posterior``.
    """
    with np.errstate(divide="ignore"):
        log_start, log_transitions = np.log(start), np.log(transitions)
    log_alpha = log_forward(log_start, log_transitions, log_densities)
    log_beta = log_backward(log_transitions, log_densities)
    nats = _possible(np.logaddexp.reduce(log_alpha[-1]))
    arriving = log_densities + log_beta
    moves = np.zeros_like(transitions)
    for t in range(len(log_densities) - 1):
        moves += np.exp(log_alpha[t][:, None] + log_transitions + arriving[t + 1] - nats)
    gamma = np.exp(log_alpha + log_beta - nats)
    return Posterior(nats, gamma / gamma.sum(axis=1, keepdims=True), moves)


def log_forward(
    log_start: Float[np.ndarray, "states"],
    log_transitions: Float[np.ndarray, "states states"],
    log_densities: Float[np.ndarray, "time states"],
) -> Float[np.ndarray, "time states"]:
    """Return log alpha: log alpha_t(j) = log b_j[t] + log sum_i exp(log alpha_{t-1}(i) + log a)."""
    log_alpha = np.empty_like(log_densities)
    log_alpha[0] = log_start + log_densities[0]
    for t in range(1, len(log_densities)):
        come = np.logaddexp.reduce(log_alpha[t - 1][:, None] + log_transitions, axis=0)
        log_alpha[t] = come + log_densities[t]
    return log_alpha


def log_backward(
    log_transitions: Float[np.ndarray, "states states"],
    log_densities: Float[np.ndarray, "time states"],
) -> Float[np.ndarray, "time states"]:
    """Return log beta, from log beta_T = 0 backwards."""
    log_beta = np.zeros_like(log_densities)
    for t in range(len(log_densities) - 2, -1, -1):
        arriving = log_densities[t + 1] + log_beta[t + 1]
        log_beta[t] = np.logaddexp.reduce(log_transitions + arriving, axis=1)
    return log_beta


def forward_by_hand(
    start: Float[np.ndarray, "states"],
    transitions: Float[np.ndarray, "states states"],
    densities: Float[np.ndarray, "time states"],
) -> tuple[Float[np.ndarray, "time states"], Float[np.ndarray, "time"]]:
    """Return alpha with every row divided by its sum c_t, and these (twin of ``forward``).

    alpha_t is P(state at t | x_1 .. x_t), c_t is p(x_t | x_1 .. x_{t-1}), and the likelihood is
    the product of all c_t. Notebook: 06.

    References
    ----------
    Rabiner (1989), eq. 91-92 and 103, where c_t is the inverse of ours.
    """
    alpha, scales = np.zeros(densities.shape), np.zeros(len(densities))
    expected = start
    for t, density in enumerate(densities):
        joint = expected * density
        scales[t] = joint.sum()
        if scales[t] == 0:
            break
        alpha[t] = joint / scales[t]
        expected = alpha[t] @ transitions
    return alpha, scales


def backward_by_hand(
    transitions: Float[np.ndarray, "states states"],
    densities: Float[np.ndarray, "time states"],
    scales: Float[np.ndarray, "time"],
) -> tuple[Float[np.ndarray, "time states"], Float[np.ndarray, "time states"]]:
    """Return beta, scaled, and v[t, j] = b_j[t] beta_t(j) / c_t (twin of ``backward``).

    beta_t = sum_j a[i, j] v[t + 1, j], and alpha_t beta_t are the posteriors. Notebook: 06.

    References
    ----------
    Rabiner (1989), eq. 94.
    """
    beta, arriving = np.ones(densities.shape), np.empty(densities.shape)
    for t in reversed(range(len(densities))):
        arriving[t] = densities[t] * beta[t] / scales[t]
        if t > 0:
            beta[t - 1] = transitions @ arriving[t]
    return beta, arriving


def viterbi_by_hand(
    log_start: Float[np.ndarray, "states"],
    log_transitions: Float[np.ndarray, "states states"],
    log_densities: Float[np.ndarray, "time states"],
) -> tuple[Int[np.ndarray, "time"], float]:
    """Return the likeliest path and its log joint density with the data (twin of ``viterbi``).

    delta_t(j) = log b_j[t] + max_i (delta_{t-1}(i) + log a[i, j]): the forward recursion with the
    largest term in place of the sum. Then back along the i that were the largest. Notebook: 06.

    References
    ----------
    Rabiner (1989), eq. 32-35; Viterbi (1967), IEEE Trans. IT 13(2).
    """
    best = log_start + log_densities[0]
    came_from = np.zeros(log_densities.shape, np.int64)
    for t in range(1, len(log_densities)):
        through = best[:, None] + log_transitions
        came_from[t] = through.argmax(axis=0)
        best = through.max(axis=0) + log_densities[t]
    path = [int(best.argmax())]
    for t in range(len(log_densities) - 1, 0, -1):
        path.append(int(came_from[t, path[-1]]))
    return np.array(path[::-1]), float(best.max())


def _possible(nats: float) -> float:
    if not np.isfinite(nats):
        raise ValueError(IMPOSSIBLE)
    return float(nats)


IMPOSSIBLE = (
    "need data that some sequence of states can have made, got data of probability zero: too few "
    "or too many frames for the transitions, or a symbol that no state emits"
)
