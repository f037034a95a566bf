"""What every linear Gaussian series in innovations form can do: likelihood, forecasts, gaps."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.signal
import scipy.special
from jaxtyping import Bool, Float

from course_lib.core import (
    Likelihood,
    SignalLike,
    check_count,
    spawn,
)
from course_lib.kernels import kalman as kernels
from course_lib.models.linear.forecast import Forecast
from course_lib.models.linear.lattice import is_stable
from course_lib.models.linear.state_space import (
    check_series,
    stationary_root,
    widen,
)


class LinearGaussian(ABC):
    """What ARMA and ARIMA models share: everything that a Kalman filter can answer.

    A model says what it is by four properties: `ar_coefficients` and `ma_coefficients` of the
    stationary process w (seasonal factors multiplied out), the `differences` polynomial that
    turns x into w, and its mean, `drift`; and by the innovation `variance`.

    Where x has to be differenced, its first d + s D samples fix the unknown level: the likelihood
    is the density of the rest given them, which is the density of the differenced series. Where
    samples are missing as well, no differencing is possible: the unknown values before the
    beginning are regression coefficients without a prior (a diffuse start), and integrated out.
    On complete series both are the same number.
    """

    variance: float

    @property
    @abstractmethod
    def ar_coefficients(self) -> Float[np.ndarray, "p"]:
        """All AR coefficients of the stationary process, (p + s P,)."""

    @property
    @abstractmethod
    def ma_coefficients(self) -> Float[np.ndarray, "q"]:
        """All MA coefficients, (q + s Q,)."""

    @property
    @abstractmethod
    def differences(self) -> Float[np.ndarray, "lags"]:
        """The differencing polynomial, its leading 1 included; (1,) where there is none."""

    @property
    @abstractmethod
    def drift(self) -> float:
        """The mean of the stationary process: of x itself where nothing is differenced."""

    @property
    def is_stationary(self) -> bool:
        """Whether every pole of the (differenced) process lies inside the unit circle."""
        return is_stable(self.ar_coefficients)

    @property
    def is_invertible(self) -> bool:
        """Whether every zero lies inside the unit circle: x's past then determines e."""
        return is_stable(-self.ma_coefficients)

    def trend(self, length: int) -> Float[np.ndarray, "length"]:
        """Return the curve that starts from zeros and whose differences are `drift` everywhere.

        A constant for d = 0, a straight line for d = 1, a parabola for d = 2.
        """
        return self.drift * unit_trend(self.differences, length)

    def log_likelihood(self, x: SignalLike) -> Likelihood:
        """Return the exact log density of a series, by the Kalman filter; NaN are left out.

        log p(x) = -1/2 sum over observed t of [log(2 pi sigma^2 F_t) + v_t^2 / (sigma^2 F_t)]

        of the series or, where the model differences, of the differenced series: the density
        given the first values that fix the level. With missing samples those are unknown, and
        integrated out over a flat prior.

        Parameters
        ----------
        x : (time,), a clip, or an array with NaN where a sample is missing

        Raises
        ------
        TypeError, ValueError
            For bad input, a series that is too short to be differenced, or a model of zero
            variance, which has no density.

        References
        ----------
        Harvey (1989), section 3.4; de Jong (1991). Notebook: 04.
        """
        self._check_variance()
        run = self._run(check_series(x, squared=True))
        return Likelihood(run.log_likelihood(self.variance))

    def residuals(self, x: SignalLike) -> Float[np.ndarray, "time"]:
        """Return what the model did not foresee, in standard deviations: v_t / sqrt(sigma^2 F_t).

        White and standard normal where the model is right. NaN where a sample is missing, and at
        the first d + s D observed ones, which only fix the level.

        Raises
        ------
        TypeError, ValueError
            As `log_likelihood` does.
        """
        self._check_variance()
        run = self._run(x)
        standard = run.surprises / np.sqrt(self.variance * run.variances)
        padded = np.r_[np.full(run.lost, np.nan), standard]
        observed = np.flatnonzero(~np.isnan(padded))
        padded[observed[: len(self.differences) - 1 - run.lost]] = np.nan
        return padded

    def forecast(self, x: SignalLike, steps: int) -> Forecast:
        """Return mean and standard deviation of the `steps` samples after a series.

        Samples to come are samples that are missing: the filter runs on without them.

        Raises
        ------
        TypeError, ValueError
            For bad input, fewer than 1 step, or a series too short for the level to be known.

        References
        ----------
        Durbin and Koopman (2012), section 4.11. Notebook: 04.
        """
        series, steps = check_series(x), check_count(steps, "steps")
        extended = np.r_[series, np.full(steps, np.nan)]
        mean, spread = self._run(extended, difference=False).predict()
        mean += self.trend(len(extended))
        return Forecast(mean[-steps:], np.sqrt(self.variance * spread[-steps:]))

    def smooth(self, x: SignalLike) -> Forecast:
        """Fill what is missing with its expectation given all samples, before and after.

        Observed samples keep their value, with a standard deviation of zero.

        Parameters
        ----------
        x : (time,), with NaN where a sample is missing; NaN at the end are forecast

        Raises
        ------
        TypeError, ValueError
            For bad input, or fewer samples than fix the level.

        References
        ----------
        Durbin and Koopman (2012), section 4.4. Notebook: 05.
        """
        run = self._run(x, difference=False, keep=True)
        spread = np.maximum(run.smoothed_variances(), 0.0)  # rounding may leave it below zero
        deviation = np.sqrt(self.variance * spread)
        return Forecast(self.fill_missing(x), deviation)

    def fill_missing(self, x: SignalLike) -> Float[np.ndarray, "time"]:
        """Return the means of `smooth` alone, in O(N r) where its deviations take O(N r^2).

        Raises
        ------
        TypeError, ValueError
            As `smooth` does.
        """
        series = check_series(x)
        run = self._run(series, difference=False, keep=True)
        return np.where(run.missing, run.smooth() + self.trend(len(series)), series)

    def draw_missing(
        self, x: SignalLike, *, count: int = 1, rng: np.random.Generator
    ) -> Float[np.ndarray, "count time"]:
        """Fill what is missing with draws from its distribution given all samples.

        The expectation that `smooth` returns is duller than any sound: in the middle of a long
        gap it falls silent. A draw x* + E[x - x* | x_obs - x*_obs], where x* is a sound of the
        model's own, has the texture that belongs there.

        Raises
        ------
        TypeError, ValueError
            As `smooth`; and for a count or rng that is none.

        References
        ----------
        Durbin and Koopman (2002), A simple and efficient simulation smoother for state space
        time series analysis, Biometrika 89(3). Notebook: 05.
        """
        series = check_series(x)
        own = [self._draw(len(series), generator) for generator in spawn(rng, count)]
        draws = [sound + self.fill_missing(series - sound) for sound in own]
        return np.where(np.isnan(series), draws, series)

    def sample(
        self, length: int, *, count: int = 1, rng: np.random.Generator
    ) -> Float[np.ndarray, "count length"]:
        """Draw series of the model; where it differences, they set out from level zero.

        The stationary part begins in its stationary distribution, as if it had run for ever. A
        longer draw starts with the shorter one.

        Raises
        ------
        TypeError, ValueError
            For a length or count below 1, or rng that is no Generator.
        """
        length = check_count(length, "length")
        trend = self.trend(length)
        return np.array([self._draw(length, generator) for generator in spawn(rng, count)]) + trend

    def _draw(self, length: int, rng: np.random.Generator) -> np.ndarray:
        """One series without mean or trend."""
        phi, theta = self.ar_coefficients, self.ma_coefficients
        order = max(len(phi), len(theta))
        start, innovations = rng.standard_normal(order), rng.standard_normal(length)
        if order == 0:
            stationary = innovations
        else:  # the state of scipy's filter is s
            state = stationary_root(phi, theta) @ start
            numerator, denominator = np.append(1.0, theta), np.append(1.0, -phi)
            stationary, _ = scipy.signal.lfilter(numerator, denominator, innovations, zi=state)
        return math.sqrt(self.variance) * scipy.signal.lfilter([1.0], self.differences, stationary)

    def _check_variance(self) -> None:
        if not self.variance > 0:
            raise ValueError(
                "need a positive innovation variance for a density, got 0 (the model of a constant "
                "series); fit a series that changes, or dither it"
            )

    def _run(self, x: SignalLike, *, difference: bool = True, keep: bool = False) -> FilterRun:
        series = check_series(x)
        return run_filter(
            series - self.trend(len(series)),
            self.ar_coefficients,
            self.ma_coefficients,
            self.differences,
            difference=difference,
            keep=keep,
        )


def unit_trend(differences: Float[np.ndarray, "lags"], length: int) -> Float[np.ndarray, "length"]:
    """Return the curve that starts from zeros and whose differences are 1 everywhere."""
    return scipy.signal.lfilter([1.0], differences, np.ones(length))


def unknown_starts(
    differences: Float[np.ndarray, "lags"], length: int
) -> Float[np.ndarray, "unknown length"]:
    """Return the curves whose differences are zero, one for each value before the beginning.

    The j-th continues the past x[-1-j] = 1, the rest of it zero: a constant for d = 1, straight
    lines for d = 2, combs for a seasonal difference.
    """
    unknown = len(differences) - 1
    curves = np.zeros((unknown, length))
    for j in range(unknown):
        state = scipy.signal.lfiltic([1.0], differences, np.eye(unknown)[j])
        curves[j], _ = scipy.signal.lfilter([1.0], differences, np.zeros(length), zi=state)
    return curves


def run_filter(
    series: Float[np.ndarray, "time"],
    phi: Float[np.ndarray, "p"],
    theta: Float[np.ndarray, "q"],
    differences: Float[np.ndarray, "lags"],
    *,
    difference: bool = True,
    keep: bool = False,
) -> FilterRun:
    """Run the compiled filter over a series, and estimate what it leaves unknown.

    A complete series is differenced first, where `difference` allows it. Otherwise the filter
    takes phi(z) and the differences in one polynomial, starts from zeros, and runs over the
    `unknown_starts` too: the innovations of x depend linearly on their coefficients, which
    generalised least squares then finds.

    Raises
    ------
    ValueError
        For phi that are not stationary, or observed samples that do not fix the level.

    References
    ----------
    de Jong (1991).
    """
    missing = np.isnan(series)
    unknown = len(differences) - 1
    observed = len(series) - int(missing.sum())
    if observed <= unknown:
        raise ValueError(
            f"need more than {unknown} samples that are not NaN to fix the level of a series that "
            f"is differenced over {unknown}, got {observed}; pass a longer series"
        )
    root = stationary_root(phi, theta)
    columns, lost, level = [series], 0, 0.0
    if unknown and difference and observed == len(series):
        columns = [scipy.signal.lfilter(differences, [1.0], series)[unknown:]]
        missing, lost, unknown = missing[unknown:], unknown, 0
    elif unknown:
        level = series[~missing][0]  # a large level would cost digits; the curves restore it
        columns = [series - level, *unknown_starts(differences, len(series))]
        phi = -np.convolve(np.r_[1.0, -phi], differences)[1:]
    order = max(len(phi), len(root))
    start = np.zeros((order, order))
    start[: len(root), : len(root)] = root @ root.T
    phi, theta = widen(phi, order), widen(theta, order)
    stacked = np.array(columns)
    predictions, variances, gains = kernels.kalman_filter(
        stacked, missing, phi, theta, start, True, keep
    )
    return FilterRun(stacked, missing, predictions, variances, gains, phi, unknown, lost, level)


@dataclass(frozen=True, eq=False)
class FilterRun:
    """A compiled filter's way through a series (row 0) and the curves beside it (other rows).

    Attributes
    ----------
    columns, predictions : (rows, time)
    missing : (time,)
    variances : (time,), F in units of the innovation variance
    gains : (time, order) where they were kept
    phi : (order,), coefficients of the filter, differences included
    unknown : how many unknown starts there are; one row each, after the first
    lost : how many samples were used up by differencing beforehand
    level : was subtracted from the series
    """

    columns: Float[np.ndarray, "rows time"]
    missing: Bool[np.ndarray, "time"]
    predictions: Float[np.ndarray, "rows time"]
    variances: Float[np.ndarray, "time"]
    gains: Float[np.ndarray, "kept order"]
    phi: Float[np.ndarray, "order"]
    unknown: int
    lost: int
    level: float

    @cached_property
    def innovations(self) -> Float[np.ndarray, "rows time"]:
        """Each row's surprises v, zero where missing."""
        return np.where(self.missing, 0.0, self.columns - self.predictions)

    @cached_property
    def _design(self) -> np.ndarray:
        """The curves' surprises in standard deviations, (time, rows - 1)."""
        return (self.innovations[1:] / np.sqrt(self.variances)).T

    @cached_property
    def coefficients(self) -> Float[np.ndarray, "curves"]:
        """The unknown starts, by generalised least squares."""
        standard = self.innovations[0] / np.sqrt(self.variances)
        solution, _, rank, _ = np.linalg.lstsq(self._design, standard, rcond=1e-12)
        if rank < self._design.shape[1]:
            raise ValueError(
                "need observed samples that fix the level, got too few, or none in one of the "
                "seasons; pass a longer series, or one with fewer NaN"
            )
        return solution

    @property
    def surprises(self) -> Float[np.ndarray, "time"]:
        """The series' own innovations once the unknown is known; NaN where missing."""
        v = self.innovations[0] - self.coefficients @ self.innovations[1:]
        return np.where(self.missing, np.nan, v)

    @property
    def energy(self) -> float:
        """S = sum of v_t^2 / F_t over the observed samples."""
        return float(np.nansum(self.surprises**2 / self.variances))

    @property
    def degrees(self) -> int:
        """How many samples count: the observed ones less those that fix the level."""
        return len(self.missing) - int(self.missing.sum()) - self.unknown

    @property
    def log_det(self) -> float:
        """Log determinant of the observed samples' covariance, the unknown integrated out."""
        _, of_starts = np.linalg.slogdet(self._design.T @ self._design)
        return float(np.log(self.variances[~self.missing]).sum() + of_starts)

    def log_likelihood(self, variance: float) -> float:
        """The log density at an innovation variance, in nats."""
        scale = self.degrees * math.log(2 * math.pi * variance)
        return -0.5 * (scale + self.log_det + self.energy / variance)

    def predict(self) -> tuple[np.ndarray, np.ndarray]:
        """Means of the samples from those before, variances in units of the innovation's."""
        mean, of_level = self._restore(self.predictions)
        return mean, self.variances + of_level

    def smooth(self) -> np.ndarray:
        """Means of the samples from all samples."""
        return self._restore(self._guesses)[0]

    def smoothed_variances(self) -> np.ndarray:
        """Variances that belong to `smooth`, in units of the innovation's."""
        spread = kernels.smoothed_variances(self.missing, self.variances, self.gains, self.phi)
        return spread + self._restore(self._guesses)[1]

    @cached_property
    def _guesses(self) -> np.ndarray:
        corrections = kernels.kalman_smoother(
            self.innovations, self.missing, self.variances, self.gains, self.phi
        )
        return np.where(self.missing, self.predictions + corrections, self.columns)

    def _restore(self, guesses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Put the level back; return what its uncertainty adds to the variance too."""
        curves = self.columns[1:] - guesses[1:]
        mean = guesses[0] + self.coefficients @ curves + self.level
        information = self._design.T @ self._design
        return mean, np.einsum("it,it->t", curves, np.linalg.solve(information, curves))
