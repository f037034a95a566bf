"""Linear Gaussian series in innovations form: Kalman filter, smoother, forecasts and gaps.

Every ARMA and ARIMA model of the course is the same small machine. Its state s holds what the
past says about the samples to come, s[i] about the i-th from now; its own surprise e moves it::

    x[t]      = s_t[0] + e[t]
    s_t+1[i]  = s_t[i+1] + phi[i] s_t[0] + (phi[i] + theta[i]) e[t]
              = s_t[i+1] + phi[i] x[t]   +           theta[i]  e[t]

which is a digital filter in transposed direct form II, and a recurrent network without
nonlinearity. A listener who has heard x from the beginning of time knows s exactly. One who came
late knows it up to a covariance; the Kalman filter works with his best guess, and the only thing
that changes is that theta[i] becomes a gain that tends to theta[i].

Innovations form and Harvey's form describe one process: alpha_t = s_t + (1, theta) e[t] turns
one into the other. Here the uncertainty of s goes to zero where Harvey's P goes to R R', so the
steady state is reached, and seen to be reached, when nothing is left.

References
----------
Anderson and Moore (1979), Optimal Filtering, Prentice-Hall, chapter 9.
Durbin and Koopman (2012), Time Series Analysis by State Space Methods, 2nd ed., Oxford.
de Jong (1991), The diffuse Kalman filter, Annals of Statistics 19(2).
Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, Cambridge.

Notebooks: 04, 05.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from course_lib.core import (
    check_signal,
)
from course_lib.core.checks import as_array
from course_lib.kernels import arma as kernels
from course_lib.models.linear.lattice import is_stable


class Filtered(NamedTuple):
    """What a Kalman filter says of each sample before it hears it."""

    predictions: Float[np.ndarray, "time"]
    variances: Float[np.ndarray, "time"]
    gains: Float[np.ndarray, "time order"]


def kalman_filter(
    x: Float[np.ndarray, "time"],
    phi: Float[np.ndarray, "order"],
    theta: Float[np.ndarray, "order"],
    covariance: Float[np.ndarray, "order order"],
) -> Filtered:
    """Predict each sample from those before it; NaN is a sample that was not heard.

    With A the shift s[i] <- s[i+1], and Q the covariance of the state in units of the variance
    of e::

        v = x[t] - s[0],   F = 1 + Q[0, 0],   gain = (A Q[:, 0] + theta) / F
        s <- A s + phi x[t] + gain v
        Q <- (A - theta z') (Q - Q[:, 0] Q[0, :] / F) (A - theta z')',   z = (1, 0, ..., 0)

    A sample that is missing stands at its prediction (v = 0), and costs the knowledge it would
    have brought: Q <- ... + F (phi + gain)(phi + gain)'.

    This is the readable twin of ``kernels.kalman.kalman_filter``, which works in place, uses the
    shift's structure (no products of matrices) and stops updating Q once it is zero.

    Parameters
    ----------
    x : (time,), with NaN where a sample is missing
    phi, theta : (order,), coefficients padded with zeros to one length
    covariance : (order, order), Q before the first sample

    Returns
    -------
    Filtered
        predictions s[0] and their variances F, both (time,), and gains (time, order)

    References
    ----------
    Durbin and Koopman (2012), section 4.3, in innovations form. Notebook: 04.
    """
    order = len(phi)
    shift = np.eye(order, k=1)
    closed_loop = shift.copy()
    closed_loop[:, 0] -= theta
    state, spread = np.zeros(order), covariance
    predictions, variances, gains = [], [], []
    for value in x:
        prediction, variance = state[0], 1.0 + spread[0, 0]
        gain = (shift @ spread[:, 0] + theta) / variance
        heard = prediction if np.isnan(value) else value
        state = shift @ state + phi * heard + gain * (heard - prediction)
        learned = np.outer(spread[:, 0], spread[:, 0]) / variance
        spread = closed_loop @ (spread - learned) @ closed_loop.T
        if np.isnan(value):
            spread = spread + variance * np.outer(phi + gain, phi + gain)
        predictions.append(prediction)
        variances.append(variance)
        gains.append(gain)
    return Filtered(np.array(predictions), np.array(variances), np.array(gains))


def kalman_smoother(
    x: Float[np.ndarray, "time"], filtered: Filtered, phi: Float[np.ndarray, "order"]
) -> Float[np.ndarray, "time"]:
    """Fill each missing sample with its expectation given all that was heard, on both sides.

    Backward in time, with messages m from the later samples::

        heard: m[t] = v[t] / F[t] - sum_i gain_t[i] m[t+1+i]
        missing: m[t] =               sum_i  phi[i]   m[t+1+i]
                  x[t] = prediction[t] + F[t] sum_i (phi[i] + gain_t[i]) m[t+1+i]

    Parameters
    ----------
    x : (time,), with NaN where a sample is missing
    filtered : what `kalman_filter` returned for x
    phi : (order,), the same

    Returns
    -------
    (time,) : x, its NaN replaced

    References
    ----------
    Durbin and Koopman (2012), section 4.4 (their r is our run of messages). Notebook: 05.
    """
    order, length = len(phi), len(x)
    messages, result = np.zeros(length + order), x.copy()
    for t in reversed(range(length)):
        later, gain = messages[t + 1 : t + 1 + order], filtered.gains[t]
        if np.isnan(x[t]):
            messages[t] = phi @ later
            result[t] = filtered.predictions[t] + filtered.variances[t] * (phi + gain) @ later
        else:
            surprise = x[t] - filtered.predictions[t]
            messages[t] = surprise / filtered.variances[t] - gain @ later
    return result


def check_series(
    x: Any, *, name: str = "series", min_length: int = 1, squared: bool = False
) -> np.ndarray:
    """Return a series as float64, (time,): like ``check_signal``, but NaN marks what is missing.

    Raises
    ------
    TypeError, ValueError
        For what ``check_signal`` refuses other than NaN, or a series that is all NaN.
    """
    values = as_array(x, name)
    if values.ndim != 1 or not np.issubdtype(values.dtype, np.floating):
        return check_signal(values, name=name)
    missing = np.isnan(values)
    known = np.where(missing, 0.0, values)
    series = check_signal(known, name=name, min_length=min_length, squared=squared)
    if missing.all():
        raise ValueError(
            f"need at least one sample that is not NaN in {name}, got nan at index 0 and everywhere"
        )
    return np.where(missing, np.nan, series)


def difference_polynomial(
    difference: int, seasonal_difference: int = 0, period: int = 1
) -> Float[np.ndarray, "lags"]:
    """Return the coefficients of (1 - z^-1)^d (1 - z^-s)^D, the leading 1 among them."""
    polynomial = np.ones(1)
    for _ in range(difference):
        polynomial = np.convolve(polynomial, [1.0, -1.0])
    season = np.r_[1.0, np.zeros(period - 1), -1.0]
    for _ in range(seasonal_difference):
        polynomial = np.convolve(polynomial, season)
    return polynomial


def stationary_root(
    phi: Float[np.ndarray, "p"], theta: Float[np.ndarray, "q"]
) -> Float[np.ndarray, "order order"]:
    """Return a root R of the covariance of the state of a process that has run for ever.

    Pi = R R' solves Pi = T Pi T' + K K', T the companion matrix of phi and K = phi + theta, in
    units of the innovation variance. It is not solved: x = theta(z) z with the AR process
    z = e / phi(z), and s is a linear map M of past z, whose covariance has the root C that
    Levinson's recursion finds; R = M C.

    Raises
    ------
    ValueError
        For phi that are not stationary.
    """
    order = max(len(phi), len(theta), 1)
    check_stationary(phi)
    return kernels.stationary_root(widen(phi, order), widen(theta, order))


def check_stationary(phi: np.ndarray) -> None:
    """Refuse AR coefficients that have a pole on or outside the unit circle."""
    if not is_stable(phi):
        raise ValueError(
            f"need stationary AR coefficients, all poles inside the unit circle, got {phi}; "
            "difference the series (d = 1), or fit by maximum likelihood, which keeps them inside"
        )


def widen(coefficients: np.ndarray, order: int) -> np.ndarray:
    """Pad with zeros to `order`."""
    return np.pad(np.asarray(coefficients, dtype=np.float64), (0, order - len(coefficients)))
