"""Estimating moving averages and ARMA models: four ways, from a recursion to the likelihood.

x[t] = sum_k phi[k] x[t-1-k] + e[t] + sum_k theta[k] e[t-1-k]

Not to be mixed up: an MA *model* says that x is white noise e, filtered. The noise was never
recorded, so estimating theta means finding both the filter and its input. Filtering the
recording with an FIR filter (a "moving average" of the samples) estimates nothing.

Functions of arrays; ``arma`` and ``arima`` hold the models. Signals are not centred unless a
mean is asked for.

References
----------
Brockwell and Davis (1991), Time Series: Theory and Methods, 2nd ed., Springer, chapters 5 and 8.
Durbin (1959), Efficient estimation of parameters in moving-average models, Biometrika 46.
Hannan and Rissanen (1982), Recursive estimation of mixed autoregressive-moving average order,
Biometrika 69(1).
Box and Jenkins (1976), Time Series Analysis, chapter 7.
Jones (1980), Maximum likelihood fitting of ARMA models to time series with missing observations,
Technometrics 22(3).
Monahan (1984), A note on enforcing stationarity in autoregressive-moving average models,
Biometrika 71(2).
Notebooks: 04, 05.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import scipy.optimize
import scipy.signal
from jaxtyping import Float

from course_lib.kernels import ar as ar_kernels
from course_lib.kernels import arma as kernels
from course_lib.models.linear.exact_likelihood import (
    ExactLikelihood,
    Factors,
    Sizes,
)
from course_lib.models.linear.moments import (
    LARGEST_REFLECTION,
    inside_circle,
    regress_on_lags,
)

FLAT = 1e-5
"""A gradient of the log-likelihood per sample that counts as zero."""

OTHERS = 3
"""How many starts are climbed from beside the regression's."""

RESTARTS = 3
"""How often a fit that got stuck begins again from where it is."""

BARELY = 1e-10
"""A series that changes by less than this share of its level needs a mean to be modelled at all."""


class NotConverged(UserWarning):
    """A fit stopped before it found a maximum; its result's ``report`` says why."""


@dataclass(frozen=True)
class FitReport:
    """How a maximum-likelihood fit went.

    Attributes
    ----------
    converged : whether the optimiser is satisfied that it found a maximum
    message : what it said
    evaluations : of the likelihood and its gradient
    log_likelihood : at the maximum, in nats
    """

    converged: bool
    message: str
    evaluations: int
    log_likelihood: float


class ExactFit(NamedTuple):
    """What `fit_exactly` found."""

    factors: Factors
    variance: float
    report: FitReport


def fit_exactly(
    series: Float[np.ndarray, "time"],
    sizes: Sizes,
    differences: Float[np.ndarray, "lags"],
    *,
    with_mean: bool,
) -> ExactFit:
    """Maximise the exact Gaussian likelihood of a series, which may have gaps (NaN).

    L-BFGS from a Hannan-Rissanen start (where samples are missing, on the series with its gaps
    bridged by straight lines), over partial autocorrelations.

    Warns
    -----
    NotConverged
        Once, where the optimiser gave up; the report says so too.

    Raises
    ------
    ValueError
        For a series too short for its parameters, or a constant one that is not zero where no
        mean is fitted.

    References
    ----------
    Jones (1980); Monahan (1984). Notebook: 04.
    """
    likelihood = ExactLikelihood.of(series, sizes, differences, with_mean=with_mean)
    parameters = int(sizes.counts.sum()) + with_mean
    needed = max(parameters + 2, sizes.reach + 1)
    if likelihood.degrees < needed:
        raise ValueError(
            f"need at least {needed} samples that count for {parameters} parameters and a variance,"
            f" got {likelihood.degrees} (of {len(series)}; differencing and NaN take the rest); "
            "lower the orders or pass a longer series"
        )
    stationary = likelihood.stationary
    centre, spread = float(stationary.mean()), float(stationary.std())
    # Differences of a straight line are constant up to the rounding of the line.
    rounding = 4 * np.finfo(float).eps * (np.abs(differences).sum() - 1) * np.nanmax(np.abs(series))
    unchanging = spread * likelihood.scale <= rounding
    if unchanging or (not with_mean and spread <= BARELY * abs(centre)):
        value = likelihood.level + likelihood.scale * centre
        return _constant(value, sizes, with_mean)
    if with_mean:
        stationary = stationary - centre
        likelihood = replace(likelihood, centre=likelihood.centre + likelihood.scale * centre)
    starts = [start._replace(mean=likelihood.centre) for start in _starts(stationary, sizes)]
    if with_mean:
        phi, theta = starts[0].multiplied(sizes.period)
        slow = abs((1 + theta.sum()) / (1 - phi.sum()))  # how long it remembers its mean
        likelihood = replace(likelihood, unit=likelihood.scale * min(max(slow, 1e-3), 1e3))
    found = _climb(likelihood, [likelihood.join(start) for start in starts])
    report = FitReport(
        bool(found.success),
        str(found.message),
        int(found.nfev),
        likelihood.log_likelihood(found.x),
    )
    if not report.converged:
        warnings.warn(
            f"the fit stopped before it converged ({report.message}); its report says so, and "
            "a lower order may do better",
            NotConverged,
            stacklevel=3,
        )
    return ExactFit(likelihood.split(found.x), likelihood.variance(found.x), report)


def _climb(likelihood: ExactLikelihood, starts: list[np.ndarray]) -> scipy.optimize.OptimizeResult:
    """Climb from the first start and the best others; where that is slow (gaps), from one."""
    if len(starts[0]) == 0:
        return scipy.optimize.OptimizeResult(
            x=starts[0], success=True, message="nothing to search for", nfev=1
        )
    cost = [likelihood.cost(u)[0] for u in starts]
    ranked = [starts[0], *(starts[i] for i in np.argsort(cost[1:])[:OTHERS] + 1)]
    if not likelihood.complete:
        return _climb_from(likelihood, min(starts, key=lambda u: likelihood.cost(u)[0]))
    return min((_climb_from(likelihood, u) for u in ranked), key=lambda run: run.fun)


def _lbfgs(likelihood: ExactLikelihood, u: np.ndarray) -> scipy.optimize.OptimizeResult:
    limit, size = math.atanh(LARGEST_REFLECTION), int(likelihood.sizes.counts.sum())
    return scipy.optimize.minimize(
        likelihood.cost,
        u,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-limit, limit)] * size + [(None, None)] * (len(u) - size),
        options={"maxcor": 40, "maxiter": 2000, "maxfun": 4000, "ftol": 1e-12, "gtol": 1e-7},
    )


def _climb_from(likelihood: ExactLikelihood, u: np.ndarray) -> scipy.optimize.OptimizeResult:
    """L-BFGS; where its memory of the terrain misleads it on a ridge, begin again from there."""
    limit = math.atanh(LARGEST_REFLECTION)
    evaluations = 0
    for _ in range(RESTARTS + 1):
        found = _lbfgs(likelihood, u)
        evaluations += found.nfev
        inside = np.abs(found.x) < limit
        if likelihood.with_mean:
            inside[-1] = True
        if np.abs(found.jac[inside]).max(initial=0.0) <= FLAT:
            found.success = True  # a line search that finds nothing better is at the top
        if found.success:
            break
        u = found.x
    found.nfev = evaluations
    return found


def standard_errors(likelihood: ExactLikelihood, factors: Factors) -> Factors:
    """Return how far each coefficient may be off: roots of the inverse observed information.

    cov(u) = (-d^2 log L / du du')^-1, carried from the parameters u to the coefficients c by
    J cov(u) J', J = dc/du. NaN throughout where the likelihood has no maximum there, as when
    poles and zeros cancel.

    References
    ----------
    Box and Jenkins (1976), chapter 7. Notebook: 04.
    """
    u = likelihood.join(factors)
    step = 1e-5 if likelihood.complete else 1e-3
    information = np.empty((len(u), len(u)))
    slopes = np.empty_like(information)
    for i, direction in enumerate(step * np.eye(len(u))):
        rise = likelihood.cost(u + direction)[1] - likelihood.cost(u - direction)[1]
        information[i] = rise * likelihood.degrees / (2 * step)
        above, below = likelihood.split(u + direction), likelihood.split(u - direction)
        slopes[:, i] = (_flat(above, likelihood) - _flat(below, likelihood)) / (2 * step)
    if likelihood.with_mean:
        slopes[-1, -1] = likelihood.unit
    values, vectors = np.linalg.eigh(0.5 * (information + information.T))
    with np.errstate(divide="ignore"):
        spread = (slopes @ vectors) ** 2 @ (1 / values)
    errors = np.sqrt(spread) if (values > 0).all() else np.full(len(u), np.nan)
    parts = np.split(errors, np.cumsum(likelihood.sizes.counts))
    mean = float(parts[4][0]) if likelihood.with_mean else 0.0
    return Factors(parts[0], parts[1], parts[2], parts[3], mean)


def _flat(factors: Factors, likelihood: ExactLikelihood) -> np.ndarray:
    """All coefficients in one vector, in the order of the parameters; a mean counts as zero."""
    return np.concatenate([*factors[:4], np.zeros(int(likelihood.with_mean))])


def _constant(value: float, sizes: Sizes, with_mean: bool) -> ExactFit:
    """The model of a series without any change: zero variance."""
    if value != 0 and not with_mean:
        raise ValueError(
            f"need a series that changes, got a constant {value:g}; fit a mean (or drift) too, "
            "or difference it"
        )
    phi, seasonal_phi, theta, seasonal_theta = (np.zeros(count) for count in sizes[:4])
    mean = value if with_mean else 0.0
    factors = Factors(phi, seasonal_phi, theta, seasonal_theta, mean)
    return ExactFit(factors, 0.0, FitReport(True, "constant series", 0, math.inf))


def _starts(x: np.ndarray, sizes: Sizes) -> list[Factors]:
    """Return stationary, invertible places to climb from: one regression, one search over zeros.

    `x` is a series about zero, and so is the mean of what is returned.
    """
    ar, seasonal_ar, ma, seasonal_ma, period = sizes
    lags = np.r_[np.arange(1, ar + 1), period * np.arange(1, seasonal_ar + 1)]
    innovation_lags = np.r_[np.arange(1, ma + 1), period * np.arange(1, seasonal_ma + 1)]
    if len(x) < 2 * sizes.reach + 10:
        coefficients = np.zeros(len(lags) + len(innovation_lags))
    else:
        coefficients, _ = regress_on_lags(x, lags, innovation_lags)
    parts = np.split(coefficients, np.cumsum(sizes.counts)[:-1])
    phi, seasonal_phi = inside_circle(parts[0]), inside_circle(parts[1])
    theta, seasonal_theta = -inside_circle(-parts[2]), -inside_circle(-parts[3])
    first = Factors(phi, seasonal_phi, theta, seasonal_theta, 0.0)
    if seasonal_ar + seasonal_ma > 0:
        return [first, *_seasonal_starts(first)]
    if ma > 0:
        phi, theta = _best_zeros(x, ar, ma)
        return [first, first._replace(phi=phi, theta=theta)]
    return [first]


def _seasonal_starts(first: Factors) -> list[Factors]:
    """The first start with other seasons: weak and strong, of either sign."""
    values = (-0.8, -0.3, 0.3, 0.8)
    starts = []
    for a in values if len(first.seasonal_phi) else (0.0,):
        for b in values if len(first.seasonal_theta) else (0.0,):
            seasonal_phi = a * np.eye(1, len(first.seasonal_phi))[0]
            seasonal_theta = b * np.eye(1, len(first.seasonal_theta))[0]
            starts.append(first._replace(seasonal_phi=seasonal_phi, seasonal_theta=seasonal_theta))
    return starts


def _best_zeros(x: np.ndarray, p: int, q: int) -> tuple[np.ndarray, np.ndarray]:
    """Try a zero, or a pair, all over the unit disc: given them, the poles are an AR model.

    If theta(z) were known, x / theta(z) would be an AR(p) process, and Burg's method would find
    phi and the error power. The likelihood may have several hills; this finds a high one.
    """
    if q == 1:
        candidates = [np.array([-zero]) for zero in (-0.95, -0.8, -0.4, 0.4, 0.8, 0.95)]
    else:
        candidates = [
            np.append([-2 * radius * math.cos(angle), radius**2], np.zeros(q - 2))
            for radius in (0.6, 0.9, 0.97)
            for angle in np.linspace(0, math.pi, 11)
        ]
    found = []
    for theta in candidates:
        phi, _, variances = ar_kernels.burg(kernels.filtered_by_inverse(x, theta), p)
        found.append((variances[-1], phi, theta))
    _, phi, theta = min(found, key=lambda entry: entry[0])
    return phi, theta
