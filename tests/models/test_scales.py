"""Fits do not depend on the level and the unit of what they are fitted to.

The estimates of a x + b are those of x, in other units, to rounding: for every a and b that leave
a power which float64 can hold. Beyond that, everybody who sums squares refuses.
"""

import math

import numpy as np
import pytest

from course_lib import evaluation, features
from course_lib.models.linear import diagnostics, lattice, linear_prediction
from course_lib.models.linear.ar import AR, score_orders
from course_lib.models.linear.arima import ARIMA
from course_lib.models.linear.arma import ARMA

LENGTH = 300


@pytest.fixture(scope="module")
def series():
    """On a grid that is coarse enough for any level below to be added without rounding."""
    model = ARMA(np.array([1.2, -0.5]), np.array([0.4]), 9.0)
    drawn = model.sample(LENGTH, rng=np.random.default_rng(3))[0]
    return np.round(drawn * 2**10) / 2**10


UNITS = [
    (1.0, 1e12),
    (-3.0, 1e9),
    (1e-128, 0.0),
    (7.3e-60, 1e-50),
    (1e100, 1e105),
    (1e146, 0.0),
]


@pytest.mark.parametrize(
    ("a", "b", "gap"), [*((a, b, False) for a, b in UNITS), (1.0, 1e12, True), (1e-128, 0.0, True)]
)
def test_arma_with_a_mean_in_other_units(series, a, b, gap):
    x = series.copy()
    if gap:
        x[50:55] = np.nan
    plain, other = (ARMA.fit(y, (2, 1), with_mean=True) for y in (x, a * x + b))
    assert other.report.converged
    np.testing.assert_allclose(other.phi, plain.phi, rtol=1e-6)
    np.testing.assert_allclose(other.theta, plain.theta, rtol=1e-6)
    assert other.variance / a**2 == pytest.approx(plain.variance, rel=1e-7)
    digits = abs(b) * np.finfo(float).eps  # of the sum itself
    assert other.mean == pytest.approx(a * plain.mean + b, abs=abs(a) * 1e-6 + digits)
    known = np.count_nonzero(~np.isnan(x))
    assert other.report.log_likelihood + known * math.log(abs(a)) == pytest.approx(
        plain.report.log_likelihood, abs=1e-6
    )
    errors, expected = other.standard_errors(a * x + b), plain.standard_errors(x)
    np.testing.assert_allclose(errors["phi"], expected["phi"], rtol=1e-4)
    assert errors["mean"] / abs(a) == pytest.approx(expected["mean"], rel=1e-4)


@pytest.mark.parametrize(("a", "b"), UNITS)
def test_arima_with_drift_in_other_units(series, a, b):
    x = np.cumsum(series) + 0.25 * np.arange(LENGTH)
    plain, other = (ARIMA.fit(y, (1, 1, 1), drift=True) for y in (x, a * x + b))
    np.testing.assert_allclose(other.phi, plain.phi, rtol=1e-5)
    assert other.drift / a == pytest.approx(plain.drift, rel=1e-5)
    assert other.variance / a**2 == pytest.approx(plain.variance, rel=1e-6)
    errors, expected = other.standard_errors(a * x + b), plain.standard_errors(x)
    assert errors["drift"] / abs(a) == pytest.approx(expected["drift"], rel=1e-4)


@pytest.mark.parametrize(("a", "b"), UNITS)
@pytest.mark.parametrize(
    ("method", "order"), [("hannan-rissanen", (2, 1)), ("innovations", (0, 2)), ("durbin", (0, 2))]
)
def test_quick_estimates_in_other_units(series, a, b, method, order):
    plain, other = (
        ARMA.fit(y, order, method=method, with_mean=True) for y in (series, a * series + b)
    )
    np.testing.assert_allclose(other.phi, plain.phi, rtol=1e-7)
    np.testing.assert_allclose(other.theta, plain.theta, rtol=1e-7)
    assert other.variance / a**2 == pytest.approx(plain.variance, rel=1e-7)


@pytest.mark.parametrize("a", [1e-128, -7.3, 1e146])
@pytest.mark.parametrize("innovation", ["gaussian", "laplace", "student-t"])
@pytest.mark.parametrize(
    "method", ["burg", "yule-walker", "covariance", "modified covariance", "maximum likelihood"]
)
def test_ar_in_other_units(series, a, innovation, method):
    plain, other = (
        AR.fit(y, 4, method=method, innovation=innovation) for y in (series, a * series)
    )
    np.testing.assert_allclose(other.phi, plain.phi, rtol=1e-6)
    assert other.variance / a**2 == pytest.approx(plain.variance, rel=1e-6)


def test_a_constant_is_still_a_constant():
    """Differences of a straight line are, up to the rounding of the line."""
    assert ARMA.fit(np.full(50, 1e12), (1, 1), with_mean=True).mean == 1e12
    line = ARIMA.fit(0.1 * np.arange(50) + 1e6, (1, 1, 0), drift=True)
    assert line.variance == 0
    assert line.drift == pytest.approx(0.1)
    with pytest.raises(ValueError, match=r"fit a mean"):
        ARMA.fit(1e12 + np.random.default_rng(0).standard_normal(50), (1, 0))


SUMS_OF_SQUARES = {
    "ARMA.fit": lambda x: ARMA.fit(x, (2, 1)),
    "hannan-rissanen": lambda x: ARMA.fit(x, (2, 1), method="hannan-rissanen"),
    "durbin": lambda x: ARMA.fit(x, (0, 1), method="durbin"),
    "innovations": lambda x: ARMA.fit(x, (0, 1), method="innovations"),
    "ARIMA.fit": lambda x: ARIMA.fit(x, (1, 1, 0)),
    "ARMA.standard_errors": lambda x: ARMA(np.array([0.5]), np.zeros(0), 1.0).standard_errors(x),
    "ARMA.log_likelihood": lambda x: ARMA(np.array([0.5]), np.zeros(0), 1.0).log_likelihood(x),
    "AR.fit": lambda x: AR.fit(x, 2),
    "AR.log_likelihood": lambda x: AR(np.array([0.5]), 1.0).log_likelihood(x),
    "score_orders": lambda x: score_orders(x, 3),
    "autocorrelation": lambda x: linear_prediction.autocorrelation(x, 2),
    "burg": lambda x: linear_prediction.burg(x, 2),
    "covariance": lambda x: linear_prediction.covariance(x, 2),
    "modified_covariance": lambda x: linear_prediction.modified_covariance(x, 2),
    "maximum_likelihood": lambda x: linear_prediction.maximum_likelihood(x, 2),
    "fit_frames": lambda x: linear_prediction.fit_frames(x.reshape(10, -1), 2),
    "sample_autocorrelations": lambda x: diagnostics.sample_autocorrelations(x, 2),
    "snr": lambda x: evaluation.snr(x, 0.5 * x),
    "image_rejection": lambda x: evaluation.image_rejection(x, 2, window_length=64),
    "inconsistency": lambda x: features.inconsistency(
        np.abs(features.stft(x, window_length=64, hop_length=16)), x, hop_length=16
    ),
}


@pytest.mark.parametrize("name", SUMS_OF_SQUARES)
@pytest.mark.parametrize("scale", [1e-155, 1e160, 1e300])
def test_sums_of_squares_that_float64_cannot_hold(series, name, scale):
    SUMS_OF_SQUARES[name](series)
    with pytest.raises(ValueError, match=r"peak between 1e-130 and 1e\+150"):
        SUMS_OF_SQUARES[name](series * scale)


def test_vast_coefficients_are_unstable_and_nothing_worse():
    assert not lattice.is_stable([1e308, 1e308, 0.5])
    assert not lattice.is_stable([1e200])
    np.testing.assert_allclose(lattice.step_down([0.5, 1e200]), [0, 1e200], atol=1e-100)
