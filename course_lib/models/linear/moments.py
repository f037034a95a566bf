"""Estimating moving averages and ARMA models from moments and regressions, without a likelihood."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from course_lib.core import SignalLike, check_count, check_order, check_signal
from course_lib.kernels import ar as ar_kernels

LARGEST_REFLECTION = 1 - 1e-6
"""Partial autocorrelations stay inside this: a pole or zero may come near the circle, not on it."""


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
    Brockwell and Davis (1991), proposition 5.2.2. Notebook: 04.
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
    Brockwell and Davis (1991), section 8.3. Notebook: 04.
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
    Durbin (1959). Notebook: 04.
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
    Hannan and Rissanen (1982), the first two stages. Notebook: 04.
    """
    p, q = check_orders(order)
    x = check_signal(x, squared=True)
    if len(x) < 2 * (p + q) + 10:
        raise ValueError(
            f"need at least 2 (p + q) + 10 = {2 * (p + q) + 10} samples, got {len(x)}; "
            "shorten the order or pass a longer clip"
        )
    coefficients, variance = regress_on_lags(x, np.arange(1, p + 1), np.arange(1, q + 1))
    return Estimates(coefficients[:p], coefficients[p:], variance)


def regress_on_lags(
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
