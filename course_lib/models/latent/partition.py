"""The sum Z over everything that a machine can draw: exactly where it is small, else estimated.

Notebook: 07.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from course_lib.core import LikelihoodKind, check_count, spawn
from course_lib.models.latent.energies import (
    Parameters,
    every_configuration,
    free_energy,
    hidden_probabilities,
    tempered,
    visible_from,
)

LARGEST = 16
"""Units that are enumerated at most: 2^16 configurations."""


class LogPartition(NamedTuple):
    """ln Z, the deviation of that estimate (0 where it is exact), and which of the two it is."""

    nats: float
    deviation: float
    kind: LikelihoodKind


def independent_log_partition(p: Parameters) -> Float[np.ndarray, "*rows"]:
    """Return ln Z of the same machine without weights and hidden biases: 2^hidden is left of h."""
    hidden = p.weights.shape[1] * math.log(2)
    if p.log_variance is None:
        return np.asarray(np.logaddexp(0, p.visible_bias).sum(axis=-1) + hidden)
    gauss = 0.5 * np.sum(np.log(2 * math.pi) + p.log_variance)
    return np.full(p.visible_bias.shape[:-1], gauss + hidden)


def exact_log_partition(p: Parameters) -> Float[np.ndarray, "*rows"]:
    """Return ln Z by summing over all hidden configurations, the visible units by formula.

    Given h, the sum over v is a product: of 1 + exp(b_i + (W h)_i) for binary units, and of
    sqrt(2 pi) s_i exp((2 b_i m_i + m_i^2) / (2 s_i^2)), m = W h, for Gaussian ones. Where the
    visible units are binary and fewer, the two change their places.

    Raises
    ------
    ValueError
        For more units than can be enumerated.
    """
    visible, hidden = p.weights.shape
    if p.log_variance is None and visible < hidden:
        p = Parameters(p.weights.T, p.hidden_bias, p.visible_bias)
        hidden = visible
    if hidden > LARGEST:
        raise ValueError(
            f"need at most {LARGEST} units to enumerate, got {hidden}; "
            "estimate ln Z by annealing: log_partition(rng=...)"
        )
    h = every_configuration(hidden).astype(np.float64)
    m = h @ p.weights.T  # (configurations, visible)
    if p.log_variance is None:
        each = np.logaddexp(0, m + p.visible_bias[..., None, :]).sum(axis=-1)
    else:
        precision = np.exp(-p.log_variance)
        each = p.visible_bias * precision @ m.T + 0.5 * np.sum(m**2 * precision, axis=-1)
        each += 0.5 * np.sum(np.log(2 * math.pi) + p.log_variance)
    return np.asarray(logsumexp(each + p.hidden_bias @ h.T, axis=-1))


def annealed_log_partition(
    p: Parameters, *, chains: int = 100, steps: int = 1000, rng: np.random.Generator
) -> LogPartition:
    """Estimate ln Z by annealed importance sampling.

    Each chain begins with independent units, whose Z_0 is known. Then the weights grow from 0
    to their size in `steps` steps, beta_k = k / steps; at each the chain's weight grows by the
    ratio of the new to the old unnormalised probability of where it stands, and then it moves::

        ln w = sum_k F_{k-1}(v_{k-1}) - F_k(v_{k-1}),    v_k ~ Gibbs at beta_k from v_{k-1}

    The average of w estimates Z / Z_0 without bias; its logarithm is too low on average.

    Parameters
    ----------
    p : with biases of shape (visible,) and (hidden,)
    chains : how many are averaged; 2 or more
    steps : of each chain

    Raises
    ------
    TypeError, ValueError
        For fewer than two chains, no steps, or no generator.

    References
    ----------
    Neal (2001), "Annealed importance sampling", Statistics and Computing 11;
    Salakhutdinov and Murray (2008), "On the quantitative analysis of deep belief networks", ICML.
    """
    chains, steps = check_count(chains, "chains", minimum=2), check_count(steps, "steps")
    generators = spawn(rng, chains)
    hidden = p.weights.shape[1]
    v = visible_from(tempered(p, 0.0), np.zeros((chains, hidden)), noise(p, generators))
    log_weights = free_energy(tempered(p, 0.0), v)
    for k in range(1, steps + 1):
        now = tempered(p, k / steps)
        log_weights -= free_energy(now, v)
        if k == steps:
            break
        v = gibbs_sweep(now, v, generators)
        log_weights += free_energy(now, v)
    ratio = logsumexp(log_weights) - math.log(chains)
    spread = np.std(np.exp(log_weights - ratio), ddof=1)  # of w / mean(w): the error of ln w
    start = float(independent_log_partition(p))
    return LogPartition(start + float(ratio), float(spread) / math.sqrt(chains), "estimate")


def noise(
    p: Parameters, generators: list[np.random.Generator]
) -> Float[np.ndarray, "rows visible"]:
    """Return what `visible_from` makes a row of, from each chain's own generator."""
    visible = p.weights.shape[0]
    if p.is_binary:
        return np.stack([each.random(visible) for each in generators])
    return np.stack([each.standard_normal(visible) for each in generators])


def gibbs_sweep(
    p: Parameters, v: Float[np.ndarray, "rows visible"], generators: list[np.random.Generator]
) -> Float[np.ndarray, "rows visible"]:
    """Draw all hidden units given v, then all visible units given those; a generator a chain."""
    probabilities = hidden_probabilities(p, v)
    uniforms = np.stack([each.random(probabilities.shape[1]) for each in generators])
    h = (uniforms < probabilities).astype(np.float64)
    return visible_from(p, h, noise(p, generators))
