"""Learning a restricted Boltzmann machine: data pull its energy down, its own draws push it up.

The gradient of the log-likelihood is the difference of two averages of the same statistics, over
data and over the machine. The second would need draws from the machine; what stands in for them
tells the methods apart. Notebook: 07.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Float
from scipy.linalg.blas import daxpy, dgemm

from course_lib.core import check_count, check_generator, check_number, settle
from course_lib.models.latent.energies import (
    Parameters,
    draw,
    free_energy,
    hidden_probabilities,
    switched_on,
    tempered,
    variance_pull,
)

Method = Literal["cd", "pcd", "tempering"]

SMALLEST_VARIANCE = 1e-4
"""Of a Gaussian unit while it learns; a unit that never varies would otherwise shrink to 0."""


@dataclass(frozen=True)
class Learning:
    """How a machine learns.

    Attributes
    ----------
    method : "cd" begins the chains at the data in every step (contrastive divergence); "pcd"
        goes on from where they were (persistent); "tempering" runs every persistent chain at
        several strengths of the weights, which change places (parallel tempering)
    sweeps : Gibbs sweeps in each step, the k of CD-k
    batch : rows of data in a step, and chains
    rate : of the steps up the gradient
    momentum : the share of the last step that goes on
    decay : each step shrinks the weights by the factor 1 - rate decay
    rungs : strengths 1/rungs, 2/rungs, ..., 1 of the weights under "tempering"

    Raises
    ------
    TypeError, ValueError
        For settings out of range.

    References
    ----------
    Hinton (2002) (CD); Tieleman (2008), "Training restricted Boltzmann machines using
    approximations to the likelihood gradient", ICML (PCD); Desjardins et al. (2010), "Tempered
    Markov chain Monte Carlo for training of restricted Boltzmann machines", AISTATS.
    """

    method: Method = "pcd"
    sweeps: int = 1
    batch: int = 50
    rate: float = 0.05
    momentum: float = 0.0
    decay: float = 0.0
    rungs: int = 8

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise ValueError(
                f"need a method out of {', '.join(get_args(Method))}, got {self.method!r}"
            )
        settle(
            self,
            sweeps=check_count(self.sweeps, "sweeps"),
            batch=check_count(self.batch, "batch"),
            rate=check_number(self.rate, "rate", above=0),
            momentum=check_number(self.momentum, "momentum", minimum=0, below=1),
            decay=check_number(self.decay, "decay", minimum=0),
            rungs=check_count(self.rungs, "rungs", minimum=2),
        )


class Fantasy(NamedTuple):
    """What the machine drew: v, P(h | v), and the hidden units from which chains go on."""

    v: Float[np.ndarray, "*rows visible"]
    expected: Float[np.ndarray, "*rows hidden"]
    h: Float[np.ndarray, "*rows hidden"]


def chain(
    p: Parameters, h: Float[np.ndarray, "*rows hidden"], sweeps: int, rng: np.random.Generator
) -> Fantasy:
    """Run Gibbs sweeps from hidden units: all of v given h, then all of h given v."""
    for _ in range(sweeps):
        v = draw(p, h, rng)
        expected = hidden_probabilities(p, v)
        h = switched_on(expected, rng)
    return Fantasy(v, expected, h)


def tempered_chain(
    p: Parameters,
    h: Float[np.ndarray, "rungs rows hidden"],
    sweeps: int,
    rng: np.random.Generator,
) -> Fantasy:
    """Run chains at every strength of the weights, and let neighbours change places.

    States of the rungs a and b = a + 1 change places with the probability
    min(1, exp(F_a(v_a) + F_b(v_b) - F_a(v_b) - F_b(v_a))), which keeps every rung's distribution.

    References
    ----------
    Desjardins et al. (2010). Notebook: 07.
    """
    rungs = [tempered(p, (r + 1) / len(h)) for r in range(len(h))]
    for _ in range(sweeps):
        v = np.stack([draw(rung, each, rng) for rung, each in zip(rungs, h, strict=True)])
        for a in range(len(rungs) - 1):
            low, high = rungs[a], rungs[a + 1]
            gain = free_energy(low, v[a]) + free_energy(high, v[a + 1])
            gain -= free_energy(low, v[a + 1]) + free_energy(high, v[a])
            change = np.log(rng.random(len(gain))) < gain
            v[a, change], v[a + 1, change] = v[a + 1, change], v[a, change]
        expected = np.stack(
            [hidden_probabilities(rung, x) for rung, x in zip(rungs, v, strict=True)]
        )
        h = switched_on(expected, rng)
    return Fantasy(v, expected, h)


class Learner:
    """A machine on its way: parameters that change, where the chains stand, and the last step.

    Attributes
    ----------
    parameters : as they are now, the learner's own arrays
    """

    def __init__(
        self,
        parameters: Parameters,
        settings: Learning,
        rng: np.random.Generator,
    ) -> None:
        self.parameters = parameters.changed(_own)
        self._settings, self._rng = settings, check_generator(rng)
        hidden = parameters.weights.shape[1]
        rungs = (settings.rungs,) if settings.method == "tempering" else ()
        self._h = np.zeros((*rungs, settings.batch, hidden))
        self._step = self.parameters.changed(np.zeros_like)

    def step(self, v: Float[np.ndarray, "rows visible"]) -> None:
        """Take one step up the gradient, estimated from these rows and the machine's own draws."""
        p, settings = self.parameters, self._settings
        expected = hidden_probabilities(p, v)
        if settings.method == "cd":
            fantasy = chain(p, switched_on(expected, self._rng), settings.sweeps, self._rng)
        elif settings.method == "pcd":
            fantasy = chain(p, self._h, settings.sweeps, self._rng)
        else:
            fantasy = tempered_chain(p, self._h, settings.sweeps, self._rng)
        self._h = fantasy.h
        if settings.method == "tempering":
            fantasy = Fantasy(fantasy.v[-1], fantasy.expected[-1], fantasy.h[-1])
        self.climb(p, Fantasy(v, expected, expected), fantasy)

    def climb(self, seen: Parameters, data: Fantasy, model: Fantasy) -> None:
        """Move every parameter by the difference of two averages, `energies.statistics`.

        Those of Gaussian units move in units of s^2, so that all keep pace; then the weights and
        b of both kinds of units move by the same formula. `seen` is the machine that drew: the
        learner's own, or that with a bias for each row.
        """
        p, last, settings = self.parameters, self._step, self._settings
        add_products(last.weights, data.v, data.expected, sign=1, keep=settings.momentum)
        add_products(last.weights, model.v, model.expected, sign=-1, keep=1.0)
        slopes = [
            (last.visible_bias, data.v.mean(axis=0) - model.v.mean(axis=0)),
            (last.hidden_bias, data.expected.mean(axis=0) - model.expected.mean(axis=0)),
        ]
        if last.log_variance is not None:
            slope = variance_pull(seen, data.v, data.expected)
            slope -= variance_pull(seen, model.v, model.expected)
            slopes.append((last.log_variance, slope))
        for step, slope in slopes:
            step *= settings.momentum
            step += slope
        for value, each in zip(p, last, strict=True):
            if (
                value is not None and each is not None
            ):  # value += rate step, without a copy of the weights
                daxpy(each.ravel(), value.ravel(), a=settings.rate)
        if settings.decay:
            p.weights[:] *= 1 - settings.rate * settings.decay
        if p.log_variance is not None:
            np.maximum(p.log_variance, math.log(SMALLEST_VARIANCE), out=p.log_variance)


def _own(x: np.ndarray) -> np.ndarray:
    """Return a copy whose rows follow one another, so that BLAS can change it in place."""
    return np.array(x, order="C")


def add_products(
    total: Float[np.ndarray, "visible hidden"],
    v: Float[np.ndarray, "rows visible"],
    h: Float[np.ndarray, "rows hidden"],
    *,
    sign: int,
    keep: float,
) -> None:
    """Change `total` into keep total + sign times the average of v_i h_j, without a copy.

    BLAS reads columns first, so that to it all three are transposed.
    """
    dgemm(sign / len(v), h.T, v.T, keep, total.T, trans_b=True, overwrite_c=True)


def epochs(
    start: Parameters,
    v: Float[np.ndarray, "rows visible"],
    count: int,
    settings: Learning,
    rng: np.random.Generator,
) -> Iterator[Parameters]:
    """Yield the machine after each pass over the rows, which come in a new order every time.

    Rows that do not fill a batch wait for the next pass's order.

    Raises
    ------
    ArithmeticError
        Where the parameters are no longer finite.
    """
    learner = Learner(start, settings, rng)
    for _ in range(count):
        order = rng.permutation(len(v))
        for first in range(0, len(v) - settings.batch + 1, settings.batch):
            learner.step(v[order[first : first + settings.batch]])
        if not np.isfinite(learner.parameters.weights).all():
            raise ArithmeticError(
                f"learning left the range of numbers at rate {settings.rate:g}; lower the rate"
            )
        yield learner.parameters.changed(np.copy)


def beginning(
    v: Float[np.ndarray, "rows visible"], hidden: int, *, binary: bool, rng: np.random.Generator
) -> Parameters:
    """Return random weights, and biases that already have the data's averages right.

    Weights to binary units are small. Those to Gaussian units share the variance with s^2:
    from very small ones they would take long to find a use, for s^2 alone has it right, too.

    References
    ----------
    Hinton (2012), "A practical guide to training restricted Boltzmann machines".
    """
    draws, mean = rng.standard_normal((v.shape[1], hidden)), v.mean(axis=0)
    if binary:
        mean = (v.sum(axis=0) + 1) / (len(v) + 2)  # finite where a unit is always on, or never
        return Parameters(0.01 * draws, np.log(mean / (1 - mean)), np.zeros(hidden))
    return sharing(mean, v.var(axis=0), draws, share=0.5)


def sharing(
    mean: Float[np.ndarray, "visible"],
    variance: Float[np.ndarray, "visible"],
    draws: Float[np.ndarray, "visible hidden"],
    *,
    share: float,
) -> Parameters:
    """Return Gaussian units of a mean and variance, a `share` of which the hidden units explain.

    A unit that is on half of the time adds W^2 / 4 to the variance; at the mean, all are.
    """
    variance = np.maximum(variance, SMALLEST_VARIANCE)
    hidden, left = draws.shape[1], (1 - share) * variance
    weights = np.sqrt(4 * share * variance / hidden)[:, None] * draws
    away = (mean / left) @ weights
    return Parameters(weights, mean - 0.5 * weights.sum(axis=1), -away, np.log(left))
