"""The energy of a restricted Boltzmann machine, and everything that follows from it.

Binary visible units, v in {0, 1}::

    E(v, h) = - b v - c h - v W h

Gaussian visible units, v real, of deviation s::

    E(v, h) = sum_i (v_i - b_i)^2 / (2 s_i^2) - c h - (v / s^2) W h

and p(v, h) = exp(-E(v, h)) / Z, with hidden units h in {0, 1} both times. Plain array functions;
`course_lib.models.latent.rbm.RBM` carries the parameters. The biases may have one row for each
row of v, as in a conditional machine. Notebook: 07.

References
----------
Hinton (2002), "Training products of experts by minimizing contrastive divergence", Neural
Computation 14; Cho, Ilin and Raiko (2011), "Improved learning of Gaussian-Bernoulli restricted
Boltzmann machines", ICANN (this form of the Gaussian energy).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import expit


class Parameters(NamedTuple):
    """What an energy is made of; also a gradient, which has one number for each of them.

    Attributes
    ----------
    weights : W, (visible, hidden)
    visible_bias : b, (visible,) or (rows, visible)
    hidden_bias : c, (hidden,) or (rows, hidden)
    log_variance : ln s^2 of Gaussian units, (visible,); None where the units are binary
    """

    weights: Float[np.ndarray, "visible hidden"]
    visible_bias: Float[np.ndarray, "*rows visible"]
    hidden_bias: Float[np.ndarray, "*rows hidden"]
    log_variance: Float[np.ndarray, "visible"] | None = None

    @property
    def is_binary(self) -> bool:
        """Whether the visible units are binary."""
        return self.log_variance is None

    def changed(self, change: Callable[[np.ndarray], np.ndarray]) -> Parameters:
        """Return the parameters with each array changed, such as copied, by a function."""
        spread = None if self.log_variance is None else change(self.log_variance)
        biases = change(self.visible_bias), change(self.hidden_bias)
        return Parameters(change(self.weights), *biases, spread)


def tempered(p: Parameters, beta: float | np.ndarray) -> Parameters:
    """Return the machine whose weights and hidden biases are `beta` times as strong.

    At beta = 0 the visible units are independent; at 1 it is the machine itself. For many
    machines at once, `beta` is of shape (rows, 1), and v W stays to be multiplied: see
    `hidden_probabilities`.
    """
    return p._replace(weights=beta * p.weights, hidden_bias=beta * p.hidden_bias)


def _scaled(p: Parameters, v: Float[np.ndarray, "*rows visible"]) -> np.ndarray:
    """Return v of binary and v / s^2 of Gaussian units: what the weights see."""
    return v if p.log_variance is None else v * np.exp(-p.log_variance)


def hidden_input(
    p: Parameters, v: Float[np.ndarray, "*rows visible"]
) -> Float[np.ndarray, "*rows hidden"]:
    """Return c + v W, or c + (v / s^2) W: the log-odds of each hidden unit."""
    found: np.ndarray = _scaled(p, v) @ p.weights
    found += p.hidden_bias
    return found


def hidden_probabilities(
    p: Parameters, v: Float[np.ndarray, "*rows visible"]
) -> Float[np.ndarray, "*rows hidden"]:
    """Return P(h_j = 1 | v) = 1 / (1 + exp(-c_j - sum_i v_i W_ij)); given v, they are independent.

    References
    ----------
    Hinton (2002). Notebook: 07.
    """
    found = hidden_input(p, v)
    return expit(found, out=found)


def visible_mean(
    p: Parameters, h: Float[np.ndarray, "*rows hidden"]
) -> Float[np.ndarray, "*rows visible"]:
    """Return E[v | h]: 1 / (1 + exp(-b - W h)) of binary, b + W h of Gaussian units."""
    found: np.ndarray = h @ p.weights.T
    found += p.visible_bias
    return expit(found, out=found) if p.is_binary else found


def visible_from(
    p: Parameters, h: Float[np.ndarray, "*rows hidden"], draws: Float[np.ndarray, "*rows visible"]
) -> Float[np.ndarray, "*rows visible"]:
    """Return v ~ p(v | h), made of uniform (binary) or standard normal (Gaussian) draws."""
    mean = visible_mean(p, h)
    if p.log_variance is None:
        return (draws < mean).astype(np.float64)
    return mean + np.exp(0.5 * p.log_variance) * draws


def draw(
    p: Parameters, h: Float[np.ndarray, "*rows hidden"], rng: np.random.Generator
) -> Float[np.ndarray, "*rows visible"]:
    """Draw v ~ p(v | h)."""
    shape = (*h.shape[:-1], p.weights.shape[0])
    return visible_from(p, h, rng.random(shape) if p.is_binary else rng.standard_normal(shape))


def switched_on(
    probabilities: Float[np.ndarray, "*shape"], rng: np.random.Generator
) -> Float[np.ndarray, "*shape"]:
    """Draw a one with each of some probabilities, and otherwise a zero."""
    return (rng.random(probabilities.shape) < probabilities).astype(np.float64)


def energy(
    p: Parameters, v: Float[np.ndarray, "*rows visible"], h: Float[np.ndarray, "*rows hidden"]
) -> Float[np.ndarray, "*rows"]:
    """Return E(v, h) of each pair of rows."""
    return visible_energy(p, v) - np.sum(hidden_input(p, v) * h, axis=-1)


def visible_energy(
    p: Parameters, v: Float[np.ndarray, "*rows visible"]
) -> Float[np.ndarray, "*rows"]:
    """Return the part of the energy that no hidden unit takes part in."""
    if p.log_variance is None:
        return -np.sum(v * p.visible_bias, axis=-1)
    return 0.5 * np.sum((v - p.visible_bias) ** 2 * np.exp(-p.log_variance), axis=-1)


def free_energy(p: Parameters, v: Float[np.ndarray, "*rows visible"]) -> Float[np.ndarray, "*rows"]:
    """Return F(v) = -ln sum_h exp(-E(v, h)), so that p(v) = exp(-F(v)) / Z.

    The sum over all h is a product, since they do not see each other::

        F(v) = - b v - sum_j ln(1 + exp(c_j + sum_i v_i W_ij))

    Gaussian units have sum_i (v_i - b_i)^2 / (2 s_i^2) in place of - b v.
    """
    return visible_energy(p, v) - np.logaddexp(0, hidden_input(p, v)).sum(axis=-1)


def statistics(
    p: Parameters, v: Float[np.ndarray, "rows visible"], h: Float[np.ndarray, "rows hidden"]
) -> Parameters:
    """Return the average of -dE / d(parameter) over rows: what pulls each parameter up.

    Of the weights it is the average of v_i h_j (over s_i^2 for Gaussian units). The gradient of
    the log-likelihood is this average over data, h being P(h | v), less the same average over
    what the machine itself draws.

    References
    ----------
    Hinton (2002), for one product of experts. Notebook: 07.
    """
    rows = len(v)
    if p.log_variance is None:
        return Parameters((v.T @ h) / rows, v.mean(axis=0), h.mean(axis=0))
    precision = np.exp(-p.log_variance)
    return Parameters(
        weights=(v.T @ h) / rows * precision[:, None],
        visible_bias=(v - p.visible_bias).mean(axis=0) * precision,
        hidden_bias=h.mean(axis=0),
        log_variance=variance_pull(p, v, h),
    )


def variance_pull(
    p: Parameters, v: Float[np.ndarray, "rows visible"], h: Float[np.ndarray, "rows hidden"]
) -> Float[np.ndarray, "visible"]:
    """Return the average of -dE / d(ln s^2): ((v_i - b_i)^2 / 2 - v_i (W h)_i) / s_i^2.

    References
    ----------
    Cho, Ilin and Raiko (2011). Notebook: 07.
    """
    assert p.log_variance is not None  # only Gaussian units have one
    leaning = 0.5 * (v - p.visible_bias) ** 2 - v * (h @ p.weights.T)
    return leaning.mean(axis=0) / np.exp(p.log_variance)


def every_configuration(units: int) -> Bool[np.ndarray, "configurations units"]:
    """Return all 2^units rows of zeros and ones, counted up in binary."""
    numbers = np.arange(2**units)[:, None]
    return (numbers >> np.arange(units)[::-1] & 1).astype(bool)
