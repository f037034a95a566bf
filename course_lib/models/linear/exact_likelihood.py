"""The exact Gaussian likelihood of seasonal ARMA models, as a function of free parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.optimize
import scipy.signal
from jaxtyping import Float

from course_lib.kernels import arma as kernels
from course_lib.models.linear.lattice import step_down, step_up
from course_lib.models.linear.linear_gaussian import run_filter
from course_lib.models.linear.moments import (
    LARGEST_REFLECTION,
)

FAR_TOO_MUCH = 1e10
"""The cost per sample of a model so near the edge that its likelihood cannot be computed."""


class Sizes(NamedTuple):
    """How many coefficients each factor of a model has: phi, Phi, theta, Theta; and the period."""

    ar: int
    seasonal_ar: int
    ma: int
    seasonal_ma: int
    period: int = 1

    @property
    def counts(self) -> np.ndarray:
        """The four counts, (4,)."""
        return np.array(self[:4], dtype=np.int64)

    @property
    def reach(self) -> int:
        """The length of the state that the factors make."""
        seasonal_ar, seasonal_ma = self.seasonal_ar * self.period, self.seasonal_ma * self.period
        return max(self.ar + seasonal_ar, self.ma + seasonal_ma)


class Factors(NamedTuple):
    """Coefficients of the four factors of a model, and the mean of the differenced series."""

    phi: Float[np.ndarray, "p"]
    seasonal_phi: Float[np.ndarray, "P"]
    theta: Float[np.ndarray, "q"]
    seasonal_theta: Float[np.ndarray, "Q"]
    mean: float

    def multiplied(self, period: int) -> tuple[np.ndarray, np.ndarray]:
        """Return all AR and all MA coefficients: phi(z) Phi(z^s), theta(z) Theta(z^s)."""
        phi = -kernels.multiply_seasonal(-self.phi, -self.seasonal_phi, period)
        return phi, kernels.multiply_seasonal(self.theta, self.seasonal_theta, period)


@dataclass(frozen=True, eq=False)
class ExactLikelihood:
    """The exact log-likelihood of one series as a function of unconstrained parameters u.

    Each factor's partial autocorrelations are k = tanh(u), so that every u is a stationary and
    invertible model (those of an MA factor belong to -theta). The innovation variance is at its
    best value S / N throughout. Where the mean is estimated, the last of u is its distance from
    `centre` in steps of `unit`.

    Inside, the series is standardised, z = (x - level) / scale: whatever its level and scale, the
    same hill is climbed, and what is found there is scaled back. The level is a sample of the
    series where the model does not mind it (it differences, or has a mean), and otherwise zero.

    A complete series is differenced and goes through ``kernels.arma.concentrated_likelihood``,
    which knows its gradient; one with gaps through the Kalman filter, and differences stand in
    for derivatives.

    Attributes
    ----------
    sizes, with_mean : how many coefficients each factor has; whether a mean is estimated
    complete, degrees : whether no sample is missing; how many samples count, N
    series, differences : the standardised series, and the polynomial that differences it yet
    stationary : the series differenced and standardised, with gaps bridged by straight lines
    level, scale : what was taken off the series and what it was divided by
    centre, unit : where the mean is looked for, and in what steps (`dataclasses.replace` moves it)
    """

    sizes: Sizes
    with_mean: bool
    complete: bool
    degrees: int
    series: np.ndarray
    differences: np.ndarray
    stationary: np.ndarray
    level: float
    scale: float
    centre: float
    unit: float

    @classmethod
    def of(
        cls, series: np.ndarray, sizes: Sizes, differences: np.ndarray, *, with_mean: bool
    ) -> ExactLikelihood:
        """Return the likelihood of a series, (time,), in which NaN stands for what is missing."""
        missing, unknown = np.isnan(series), len(differences) - 1
        complete = not missing.any()
        level = float(series[~missing][0]) if with_mean or unknown else 0.0
        moving = series - level
        stationary = scipy.signal.lfilter(differences, [1.0], _bridge(moving))[unknown:]
        scale = _spread(stationary, with_mean) or 1.0
        differenced = complete and unknown > 0
        level = 0.0 if unknown else level  # differences do not feel it, nor does their mean
        return cls(
            sizes=sizes,
            with_mean=with_mean,
            complete=complete,
            degrees=int(np.count_nonzero(~missing)) - unknown,
            series=(stationary if differenced else moving) / scale,
            differences=np.ones(1) if differenced else differences,
            stationary=stationary / scale,
            level=level,
            scale=scale,
            centre=level,
            unit=scale,
        )

    def split(self, u: np.ndarray) -> Factors:
        """Return the coefficients that the parameters stand for."""
        bounds = np.cumsum(self.sizes.counts)
        reflections = np.split(np.tanh(u[: bounds[-1]]), bounds[:-1])
        phi, seasonal_phi, theta, seasonal_theta = (step_up(k) for k in reflections)
        mean = self.centre + self.unit * float(u[-1]) if self.with_mean else 0.0
        return Factors(phi, seasonal_phi, -theta, -seasonal_theta, mean)

    def join(self, factors: Factors) -> np.ndarray:
        """Return the parameters of a stationary, invertible model: the inverse of `split`."""
        k = np.concatenate(
            [
                step_down(factors.phi),
                step_down(factors.seasonal_phi),
                step_down(-factors.theta),
                step_down(-factors.seasonal_theta),
            ]
        )
        u = np.arctanh(np.clip(k, -LARGEST_REFLECTION, LARGEST_REFLECTION))
        return np.append(u, (factors.mean - self.centre) / self.unit) if self.with_mean else u

    def cost(self, u: np.ndarray) -> tuple[float, np.ndarray]:
        """Return minus the log-likelihood per sample (less constants), and its gradient."""
        if self.complete:
            value, _, gradient = self._evaluate(u)
            if not math.isfinite(value):  # on the edge: the line search has to turn back
                return FAR_TOO_MUCH, np.zeros_like(u)
            return -value / self.degrees, -gradient / self.degrees
        steps = 1e-5 * np.eye(len(u))
        rises = [self._filtered(u + step)[0] - self._filtered(u - step)[0] for step in steps]
        gradient = np.array(rises) / (2e-5 * self.degrees)
        return -self._filtered(u)[0] / self.degrees, -gradient

    def variance(self, u: np.ndarray) -> float:
        """Return S / N, the likeliest innovation variance."""
        energy = self._evaluate(u)[1] if self.complete else self._filtered(u)[1]
        return energy / self.degrees * self.scale**2

    def log_likelihood(self, u: np.ndarray) -> float:
        """Return the log-likelihood in nats, all constants included."""
        count = self.degrees
        constant = count * (0.5 * math.log(count / (2 * math.pi)) - 0.5 - math.log(self.scale))
        return constant - count * self.cost(u)[0]

    def _evaluate(self, u: np.ndarray) -> tuple[float, float, np.ndarray]:
        size = int(self.sizes.counts.sum())
        k = np.tanh(u[:size])
        mean = self._standard_mean(u)
        value, energy, gradient = kernels.likelihood_of_reflections(
            self.series - mean if mean else self.series, k, self.sizes.counts, self.sizes.period
        )
        gradient[:size] *= 1 - k**2
        gradient[-1] *= self.unit / self.scale
        return value, energy, gradient[: len(u)]

    def _filtered(self, u: np.ndarray) -> tuple[float, float]:
        factors = self.split(u)
        phi, theta = factors.multiplied(self.sizes.period)
        rise = scipy.signal.lfilter([1.0], self.differences, np.ones(len(self.series)))
        mean = self._standard_mean(u)
        run = run_filter(self.series - mean * rise, phi, theta, self.differences)
        energy = run.energy
        return -0.5 * (self.degrees * math.log(energy) + run.log_det), energy

    def _standard_mean(self, u: np.ndarray) -> float:
        """The mean of the standardised series."""
        if not self.with_mean:
            return 0.0
        return (self.centre - self.level + self.unit * float(u[-1])) / self.scale


def _spread(stationary: np.ndarray, with_mean: bool) -> float:
    """How far a series strays, from its mean or from zero."""
    if len(stationary) == 0:  # differencing took all of it, as the fit will say
        return 0.0
    centre = stationary.mean() if with_mean else 0.0
    return float(np.sqrt(np.mean((stationary - centre) ** 2)))


def _bridge(series: np.ndarray) -> np.ndarray:
    """Replace missing samples by straight lines between their neighbours."""
    missing = np.isnan(series)
    if not missing.any():
        return series
    time = np.arange(len(series))
    return np.interp(time, time[~missing], series[~missing])
