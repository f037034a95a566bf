"""Is what is left over white? Numbers that say whether a time-series model has missed something.

References
----------
Ljung and Box (1978), On a measure of lack of fit in time series models, Biometrika 65(2).
Box and Jenkins (1976), Time Series Analysis, chapters 2, 3 and 8.
Notebook: 04.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy.special
from jaxtyping import Float

from course_lib.core import SignalLike, check_count, check_number, check_order
from course_lib.kernels import ar as kernels
from course_lib.models.linear.state_space import check_series


class LjungBox(NamedTuple):
    """The statistic Q, and how often white noise would give as large a one."""

    statistic: float
    p_value: float
    degrees: int


def sample_autocorrelations(x: SignalLike, lags: int) -> Float[np.ndarray, "lags_plus_1"]:
    """Return r_k / r_0 of the centred series for k = 0 ... lags; pairs with a NaN are left out.

    r_k = (1/N) sum_t (x[t] - xbar)(x[t+k] - xbar).

    Raises
    ------
    TypeError, ValueError
        For bad input, as many lags as samples, or a constant series.
    """
    series = check_series(x, squared=True)
    lags = check_order(lags, len(series), name="lags")
    centred = np.nan_to_num(series - np.nanmean(series))
    r = kernels.autocorrelation(centred, lags)
    if not r[0] > 0:
        raise ValueError("need a series that changes to correlate it with itself, got a constant")
    return r / r[0]


def sample_partial_autocorrelations(x: SignalLike, lags: int) -> Float[np.ndarray, "lags"]:
    """Return the correlation of x[t] and x[t-k] that the samples between do not explain.

    They are the reflection coefficients of Levinson's recursion on the `sample_autocorrelations`,
    for k = 1 ... lags.

    Raises
    ------
    TypeError, ValueError
        As `sample_autocorrelations` does.

    References
    ----------
    Durbin (1960), The fitting of time-series models; Box and Jenkins (1976), section 3.2.5.
    """
    return kernels.levinson(sample_autocorrelations(x, lags))[1]


def white_noise_bound(x: SignalLike, probability: float = 0.95) -> float:
    """Return how large a correlation at one lag may be in white noise: about 2 / sqrt(N)."""
    observed = int(np.count_nonzero(~np.isnan(check_series(x))))
    probability = check_number(probability, "probability", above=0, below=1)
    return float(scipy.special.ndtri(0.5 + probability / 2)) / math.sqrt(observed)


def ljung_box(residuals: SignalLike, lags: int, *, fitted: int = 0) -> LjungBox:
    """Test whether residuals are white, all lags up to `lags` at once.

    Q = N (N + 2) sum_{k=1}^{lags} rho_k^2 / (N - k), which for white residuals is chi-squared
    with lags - fitted degrees of freedom.

    Parameters
    ----------
    residuals : (time,); NaN are left out
    lags : how many autocorrelations to look at
    fitted : the number of coefficients (p + q) that were fitted to the series

    Raises
    ------
    TypeError, ValueError
        For bad input, or no more lags than fitted coefficients.

    References
    ----------
    Ljung and Box (1978). Notebook: 04.
    """
    series = check_series(residuals, name="residuals")
    fitted = check_count(fitted, "fitted", minimum=0)
    lags = check_count(lags, "lags", minimum=fitted + 1)
    rho = sample_autocorrelations(series, lags)[1:]
    count = int(np.count_nonzero(~np.isnan(series)))
    statistic = count * (count + 2) * float(np.sum(rho**2 / (count - np.arange(1, lags + 1))))
    degrees = lags - fitted
    return LjungBox(statistic, float(scipy.special.chdtrc(degrees, statistic)), degrees)
