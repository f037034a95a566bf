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
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.optimize
import scipy.signal
from jaxtyping import Float

from course_lib.core import SignalLike, check_count, check_order, check_signal
from course_lib.kernels import ar as ar_kernels
from course_lib.kernels import arma as kernels
from course_lib.models.linear.lattice import step_down, step_up
from course_lib.models.linear.state_space import run_filter

LARGEST_REFLECTION = 1 - 1e-6
"""Partial autocorrelations stay inside this: a pole or zero may come near the circle, not on it."""

FLAT = 1e-5
"""A gradient of the log-likelihood per sample that counts as zero."""

OTHERS = 3
"""How many starts are climbed from beside the regression's."""

RESTARTS = 3
"""How often a fit that got stuck begins again from where it is."""

BARELY = 1e-10
"""A series that changes by less than this share of its level needs a mean to be modelled at all."""

FAR_TOO_MUCH = 1e10
"""The cost per sample of a model so near the edge that its likelihood cannot be computed."""


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


class Innovations(NamedTuple):
    """One-step predictors from past innovations: ``theta[n, j]`` weights the (j+1)-th newest."""

    theta: Float[np.ndarray, "steps steps"]
    variances: Float[np.ndarray, "stages"]


def innovations_algorithm(autocovariance: Float[np.ndarray, "stages"]) -> Innovations:
    """Predict each sample from the innovations before it, given only the autocovariance.

    xhat[n] = sum_{j=1}^{n} theta_{n,j} (x[n-j] - xhat[n-j]), v_0 = gamma(0), and for k = 0 ... n-1
    theta_{n,n-k} = [gamma(n-k) - sum_{j<k} theta_{k,k-j} theta_{n,n-j} v_j] / v_k,
    v_n = gamma(0) - sum_{j<n} theta_{n,n-j}^2 v_j. It is a Cholesky decomposition of the
    covariance matrix, row by row. For an MA(q) all theta_{n,j} with j > q vanish, and the rest
    tend to the model's own theta.

    Parameters
    ----------
    autocovariance : (n + 1,), gamma(0) ... gamma(n)

    Returns
    -------
    theta : (n, n), row m - 1 holding theta_{m,1} ... theta_{m,m}, then zeros
    variances : (n + 1,), v_0 ... v_n

    Raises
    ------
    TypeError
        For anything but floats.
    ValueError
        For numbers that are no autocovariance (some v is not positive).

    References
    ----------
    Brockwell and Davis (1991), proposition 5.2.2. Notebook 04.
    """
    gamma = check_signal(autocovariance, name="autocovariance")
    steps = len(gamma) - 1
    theta, v = np.zeros((steps, steps)), np.zeros(steps + 1)
    v[0] = gamma[0]
    for n in range(1, steps + 1):
        if not v[n - 1] > 0:
            raise ValueError(
                f"need a positive definite autocovariance, got an error power of {v[n - 1]:.3g} "
                f"at lag {n - 1}; estimate it with linear_prediction.autocorrelation"
            )
        row = theta[n - 1]  # theta_{n,j} stands at row[j - 1]
        for k in range(n):
            earlier = theta[k - 1, :k][::-1] * row[n - k : n][::-1] if k else np.zeros(0)
            row[n - k - 1] = (gamma[n - k] - earlier @ v[:k]) / v[k]
        v[n] = gamma[0] - row[:n][::-1] ** 2 @ v[:n]
    return Innovations(theta, v)


class Estimates(NamedTuple):
    """Coefficients and innovation variance, as an estimator returns them."""

    phi: Float[np.ndarray, "p"]
    theta: Float[np.ndarray, "q"]
    variance: float


def ma_by_innovations(x: SignalLike, order: int, *, steps: int | None = None) -> Estimates:
    """Fit an MA model by the innovations algorithm on the sample autocovariance.

    theta_j = theta_{m,j}, variance = v_m, after `steps` = m steps; consistent where m grows with
    the series, more slowly than its cube root.

    Parameters
    ----------
    x : (time,)
    order : q
    steps : m; by default the larger of 2 q and 3 N^(1/3), at most N - 1

    Returns
    -------
    Estimates
        theta (order,), which need not be invertible; phi is empty

    Raises
    ------
    TypeError, ValueError
        For a bad signal or order, or silence.

    References
    ----------
    Brockwell and Davis (1991), section 8.3. Notebook 04.
    """
    x, order = _check_moving(x, order)
    steps = steps if steps is not None else max(2 * order, round(3 * len(x) ** (1 / 3)))
    steps = min(check_count(steps, "steps", minimum=max(order, 1)), len(x) - 1)
    fitted = innovations_algorithm(ar_kernels.autocorrelation(x, steps))
    return Estimates(np.zeros(0), fitted.theta[-1, :order].copy(), float(fitted.variances[-1]))


def ma_by_durbin(x: SignalLike, order: int, *, long_order: int | None = None) -> Estimates:
    """Fit an MA model by Durbin's method: an AR model of the coefficients of a long AR model.

    An invertible MA is an AR of infinite order, 1 / theta(z) = A(z): its coefficients a_k obey
    a_k = - sum_j theta_j a_{k-j}. So fit A of a high order, and predict its coefficients linearly:
    the autocorrelation method makes 1 + sum_j theta_j z^-j minimum phase, hence invertible.

    Parameters
    ----------
    x : (time,)
    order : q
    long_order : of A; by default the larger of 4 q and (log N)^2, at most N / 4

    Returns
    -------
    Estimates
        theta (order,), invertible; the variance is that of the long AR model's errors

    Raises
    ------
    TypeError, ValueError
        For a bad signal or order, or silence.

    References
    ----------
    Durbin (1959). Notebook 04.
    """
    x, order = _check_moving(x, order)
    if long_order is None:
        long_order = min(max(4 * order, round(math.log(len(x)) ** 2)), len(x) // 4)
    long_order = check_order(long_order, len(x), name="long_order", minimum=order)
    phi, _, variances = ar_kernels.burg(x, long_order)
    response = np.append(1.0, -phi)
    theta = -ar_kernels.levinson(ar_kernels.autocorrelation(response, order))[0]
    return Estimates(np.zeros(0), theta, float(variances[-1]))


def _check_moving(x: SignalLike, order: int) -> tuple[np.ndarray, int]:
    x = check_signal(x, squared=True)
    order = check_count(order, "order", minimum=0)
    if len(x) < 4 * (order + 1):
        raise ValueError(
            f"need at least 4 (order + 1) = {4 * (order + 1)} samples, got {len(x)}; "
            "shorten the order or pass a longer clip"
        )
    if not np.any(x):
        raise ValueError("need a sound to fit a moving average to, got silence")
    return x, order


def hannan_rissanen(x: SignalLike, order: tuple[int, int]) -> Estimates:
    """Fit an ARMA model by two regressions: the quick start of the exact fit.

    The innovations are estimated by a long AR model (Burg's method); then x[t] is regressed on
    the p samples and the q estimated innovations before it. Nothing keeps the result stationary
    or invertible.

    Parameters
    ----------
    x : (time,)
    order : (p, q)

    Raises
    ------
    TypeError, ValueError
        For a bad signal or order, or fewer than 2 (p + q) + 10 samples.

    References
    ----------
    Hannan and Rissanen (1982), the first two stages. Notebook 04.
    """
    p, q = check_orders(order)
    x = check_signal(x, squared=True)
    if len(x) < 2 * (p + q) + 10:
        raise ValueError(
            f"need at least 2 (p + q) + 10 = {2 * (p + q) + 10} samples, got {len(x)}; "
            "shorten the order or pass a longer clip"
        )
    coefficients, variance = _regress_on_lags(x, np.arange(1, p + 1), np.arange(1, q + 1))
    return Estimates(coefficients[:p], coefficients[p:], variance)


def _regress_on_lags(
    x: np.ndarray, lags: np.ndarray, innovation_lags: np.ndarray
) -> tuple[np.ndarray, float]:
    """Regress x on its own lags and on those of its innovations, as a long AR model sees them.

    Returns the coefficients, and the mean square of what they leave.
    """
    reach = int(max(lags.max(initial=0), innovation_lags.max(initial=0)))
    start = reach
    rows = []
    if len(innovation_lags):
        long_order = max(reach, round(math.log(len(x)) ** 1.5))
        long_order = min(long_order + 2, len(x) // 4)
        phi, _, _ = ar_kernels.burg(x, long_order)
        innovations = ar_kernels.prediction_residual(x, phi)
        start = min(reach + long_order, len(x) // 2)
        rows = [innovations[start - k : len(x) - k] for k in innovation_lags]
    rows = [x[start - k : len(x) - k] for k in lags] + rows
    target = x[start:]
    if not rows:
        return np.zeros(0), float(np.mean(target**2))
    design = np.array(rows)
    coefficients = np.linalg.lstsq(design @ design.T, design @ target, rcond=1e-12)[0]
    return coefficients, float(np.mean((target - coefficients @ design) ** 2))


def check_orders(order: tuple[int, int], name: str = "order") -> tuple[int, int]:
    """Return (p, q) as two whole numbers of at least 0, or say what came instead."""
    if not isinstance(order, tuple | list) or len(order) != 2:
        raise TypeError(f"need {name} = (p, q), two whole numbers, got {order!r}")
    p, q = order
    return check_count(p, "p", minimum=0), check_count(q, "q", minimum=0)


def inside_circle(coefficients: np.ndarray, largest: float = 0.98) -> np.ndarray:
    """Return AR coefficients whose poles are mirrored into the unit circle, or drawn into it.

    A pole outside is replaced by 1 / conj(pole), which leaves the shape of the spectrum as it
    was; any that is then still beyond radius `largest` is drawn back to it.
    """
    roots = np.roots(np.append(1.0, -coefficients)).astype(complex)
    radius = np.abs(roots)
    if (radius <= largest).all():
        return coefficients
    radius = np.where(radius > 1, 1 / radius, radius)
    roots = np.minimum(radius, largest) * np.exp(1j * np.angle(roots))
    inside = -np.real(np.poly(roots))[1:]
    return np.append(inside, np.zeros(len(coefficients) - len(inside)))


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
    """

    def __init__(
        self, series: np.ndarray, sizes: Sizes, differences: np.ndarray, *, with_mean: bool
    ) -> None:
        self.sizes, self.differences, self.with_mean = sizes, differences, with_mean
        missing, unknown = np.isnan(series), len(differences) - 1
        self.complete = not missing.any()
        self.degrees = int(np.count_nonzero(~missing)) - unknown
        level = float(series[~missing][0]) if with_mean or unknown else 0.0
        moving = series - level
        stationary = scipy.signal.lfilter(differences, [1.0], _bridge(moving))[unknown:]
        self.scale = _spread(stationary, with_mean) or 1.0
        self.stationary = stationary / self.scale
        self.series = moving / self.scale
        if self.complete and unknown:
            self.series, self.differences = self.stationary, np.ones(1)
        self.level = 0.0 if unknown else level  # differences do not feel it, nor does their mean
        self.centre, self.unit = self.level, self.scale

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
    Jones (1980); Monahan (1984). Notebook 04.
    """
    likelihood = ExactLikelihood(series, sizes, differences, with_mean=with_mean)
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
        likelihood.centre += likelihood.scale * centre
    starts = [start._replace(mean=likelihood.centre) for start in _starts(stationary, sizes)]
    if with_mean:
        phi, theta = starts[0].multiplied(sizes.period)
        slow = abs((1 + theta.sum()) / (1 - phi.sum()))  # how long it remembers its mean
        likelihood.unit = likelihood.scale * min(max(slow, 1e-3), 1e3)
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
    Box and Jenkins (1976), chapter 7. Notebook 04.
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


def _bridge(series: np.ndarray) -> np.ndarray:
    """Replace missing samples by straight lines between their neighbours."""
    missing = np.isnan(series)
    if not missing.any():
        return series
    time = np.arange(len(series))
    return np.interp(time, time[~missing], series[~missing])


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
        coefficients, _ = _regress_on_lags(x, lags, innovation_lags)
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
