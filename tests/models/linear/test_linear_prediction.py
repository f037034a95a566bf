import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import librosa
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.signal
from hypothesis import given
from oracles import ar_autocovariance, gaussian_log_density, stable_phi
from statsmodels.regression import linear_model
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.arima.model import ARIMA

from course_lib.kernels import ar as kernels
from course_lib.models.linear.lattice import is_stable, step_down
from course_lib.models.linear.linear_prediction import (
    Predictor,
    _exact_moments,
    _step_up_with_slope,
    autocorrelation,
    burg,
    covariance,
    fit_frames,
    levinson,
    maximum_likelihood,
    modified_covariance,
    yule_walker,
)

ESTIMATORS = [burg, yule_walker, covariance, modified_covariance, maximum_likelihood]
ALWAYS_STABLE = [burg, yule_walker, maximum_likelihood]

signals = arrays.arrays(
    np.float64,
    st.integers(min_value=1, max_value=60),
    elements=st.floats(-1, 1, width=32),
)


def speechlike(rng, length):
    return scipy.signal.lfilter([0.01], [1.0, -1.6, 0.9], rng.standard_normal(length))


# ------------------------------------------------------------------ oracles and golden values


@pytest.mark.parametrize("order", [0, 1, 2, 7, 16])
@pytest.mark.parametrize("length", [17, 40, 3000])
def test_twins_agree_with_the_kernels(rng, order, length):
    x = speechlike(rng, length)
    r = autocorrelation(x, order)
    np.testing.assert_allclose(r, kernels.autocorrelation(x, order), rtol=1e-12, atol=1e-18)
    for plain, compiled in [(levinson(r), kernels.levinson(r)), (burg(x, order), None)]:
        for ours, theirs in zip(plain, compiled or kernels.burg(x, order), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 5, 16, 40])
def test_levinson_is_the_direct_solution(rng, order):
    r = autocorrelation(speechlike(rng, 400), order)
    solved = levinson(r)
    np.testing.assert_allclose(solved.phi, scipy.linalg.solve_toeplitz(r[:-1], r[1:]), atol=1e-9)
    np.testing.assert_allclose(solved.variances[-1], r[0] - solved.phi @ r[1:], rtol=1e-8)
    np.testing.assert_allclose(solved.reflection, step_down(solved.phi), atol=1e-9)


def test_every_order_on_the_way_is_the_fit_of_that_order(rng):
    x = speechlike(rng, 300)
    for fit in (burg, yule_walker):
        whole = fit(x, 10)
        for order in range(11):
            part = fit(x, order)
            np.testing.assert_allclose(part.reflection, whole.reflection[:order], atol=1e-12)
            np.testing.assert_allclose(part.variances, whole.variances[: order + 1], rtol=1e-12)


@pytest.mark.parametrize("length", [100, 5000])
def test_burg_is_librosas_and_statsmodels(rng, length):
    x = speechlike(rng, length)
    np.testing.assert_allclose(burg(x, 16).phi, -librosa.lpc(x, order=16)[1:], atol=1e-8)
    theirs = linear_model.burg(x, 16, demean=False)[0]
    np.testing.assert_allclose(burg(x, 16).phi, theirs, atol=1e-8)


@pytest.mark.parametrize("length", [100, 5000])
def test_yule_walker_is_statsmodels(rng, length):
    x = speechlike(rng, length)
    theirs = linear_model.yule_walker(x, 16, method="mle", demean=False, result_object=True)
    np.testing.assert_allclose(yule_walker(x, 16).phi, theirs.rho, atol=1e-8)
    np.testing.assert_allclose(yule_walker(x, 16).variances[-1], theirs.sigma**2, rtol=1e-8)


def test_covariance_is_statsmodels_regression(rng):
    x = speechlike(rng, 500)
    phi, variance = covariance(x, 8)
    theirs = AutoReg(x, 8, trend="n").fit()
    np.testing.assert_allclose(phi, theirs.params, atol=1e-9)
    np.testing.assert_allclose(variance, theirs.sigma2, rtol=1e-9)


def test_modified_covariance_minimises_both_directions(rng):
    x, order = speechlike(rng, 120), 3

    def energy(phi):
        forward = sum((x[t] - phi @ x[t - order : t][::-1]) ** 2 for t in range(order, len(x)))
        backward = sum((x[t] - phi @ x[t + 1 : t + 1 + order]) ** 2 for t in range(len(x) - order))
        return forward + backward

    phi, variance = modified_covariance(x, order)
    assert energy(phi) / (2 * (len(x) - order)) == pytest.approx(variance, rel=1e-10)
    for direction in np.eye(order):
        for step in (-1e-4, 1e-4):
            assert energy(phi + step * direction) > energy(phi)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_exact_moments_give_the_toeplitz_quadratic_form(rng, order):
    for length in (2 * order, 2 * order + 1, 30):
        phi, x = stable_phi(rng, order), rng.standard_normal(length)
        dense = scipy.linalg.toeplitz(ar_autocovariance(phi, 1.0, length - 1))
        a = np.append(1.0, -phi)
        expected = x @ np.linalg.solve(dense, x)
        assert a @ _exact_moments(x, order) @ a == pytest.approx(expected, rel=1e-8)


def test_slope_of_step_up_is_the_numerical_one(rng):
    k = rng.uniform(-0.9, 0.9, 5)
    phi, slope = _step_up_with_slope(k)
    for m in range(5):
        step = 1e-6 * np.eye(5)[m]
        difference = _step_up_with_slope(k + step)[0] - _step_up_with_slope(k - step)[0]
        np.testing.assert_allclose(slope[:, m], difference / 2e-6, atol=1e-8)
    np.testing.assert_allclose(step_down(phi), k, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_maximum_likelihood_beats_every_neighbour_and_every_other_method(rng, order):
    x = speechlike(rng, 40)
    fitted = maximum_likelihood(x, order)

    def dense(phi, variance):
        return gaussian_log_density(x, ar_autocovariance(phi, variance, len(x) - 1))

    best = dense(fitted.phi, fitted.variances[-1])
    for direction in np.eye(order):
        for step in (-1e-3, 1e-3):
            assert dense(fitted.phi + step * direction, fitted.variances[-1]) < best
    for factor in (0.99, 1.01):
        assert dense(fitted.phi, factor * fitted.variances[-1]) < best
    for other in (burg, yule_walker):
        assert dense(other(x, order).phi, other(x, order).variances[-1]) < best


def test_maximum_likelihood_is_statsmodels(rng):
    x = speechlike(rng, 200) * 100
    theirs = ARIMA(x, order=(2, 0, 0), trend="n").fit()
    ours = maximum_likelihood(x, 2)
    np.testing.assert_allclose(ours.phi, theirs.arparams, atol=1e-3)


def test_fit_frames_is_fit_one_by_one(rng):
    frames = np.stack([speechlike(rng, 200) for _ in range(4)])
    for method, single in (("burg", burg), ("yule-walker", yule_walker)):
        batch = fit_frames(frames.astype(np.float32), 12, method=method)
        for index, frame in enumerate(frames.astype(np.float32)):
            for ours, theirs in zip(batch, single(frame, 12), strict=True):
                np.testing.assert_allclose(ours[index], theirs, rtol=1e-7, atol=1e-9)


# ------------------------------------------------------------------ recovery


@pytest.mark.parametrize("fit", ESTIMATORS)
def test_known_coefficients_come_back(rng, fit):
    """Within four standard errors, (variance / N) times the inverse of the covariance matrix."""
    phi, length = np.array([1.2, -0.8, 0.3]), 20_000
    x = scipy.signal.lfilter([1.0], np.append(1.0, -phi), rng.standard_normal(length + 500))[500:]
    covariance_matrix = scipy.linalg.toeplitz(ar_autocovariance(phi, 1.0, 2))
    error = np.sqrt(np.diag(np.linalg.inv(covariance_matrix)) / length)
    found = fit(x, 3)
    variance = found.variances[-1] if isinstance(found, Predictor) else found[1]
    assert (np.abs(found[0] - phi) < 4 * error).all()
    assert abs(variance - 1) < 4 * np.sqrt(2 / length)


def test_covariance_finds_two_tones_exactly_where_windows_blur():
    t = np.arange(60)
    x = np.cos(0.4 * t) + 0.5 * np.sin(0.6 * t + 1)
    for fit in (covariance, modified_covariance):
        phi, variance = fit(x, 4)
        angles = np.sort(np.angle(np.roots(np.append(1.0, -phi))))
        np.testing.assert_allclose(angles[2:], [0.4, 0.6], atol=1e-8)
        assert variance < 1e-16
    blurred = np.sort(np.angle(np.roots(np.append(1.0, -yule_walker(x, 4).phi))))
    assert np.abs(blurred[2:] - [0.4, 0.6]).max() > 0.01


# ------------------------------------------------------------------ properties


@pytest.mark.parametrize("fit", ALWAYS_STABLE)
@given(x=signals, data=st.data())
def test_stable_for_any_signal(fit, x, data):
    most = len(x) // 2 if fit is maximum_likelihood else len(x) - 1
    order = data.draw(st.integers(0, most))
    found = fit(x, order)
    assert is_stable(found.phi)
    assert (np.abs(found.reflection) < 1).all()
    assert (np.diff(found.variances) <= 0).all()
    assert (found.variances[-1] > 0) == x.any()


@given(x=signals, data=st.data())
def test_kernels_are_the_twins_for_any_signal(x, data):
    order = data.draw(st.integers(0, min(len(x) - 1, 6)))
    r = autocorrelation(x, order)
    np.testing.assert_allclose(r, kernels.autocorrelation(x, order), rtol=1e-9, atol=1e-18)
    for plain, compiled in (
        (burg(x, order), kernels.burg(x, order)),
        (levinson(r), kernels.levinson(r)),
    ):
        np.testing.assert_allclose(plain.variances, compiled[2], rtol=1e-3, atol=1e-15)


@pytest.mark.parametrize("fit", ESTIMATORS)
@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 10))
def test_louder_is_the_same_filter_with_more_power(fit, scale, seed):
    x = speechlike(np.random.default_rng(seed), 80)
    quiet, loud = fit(x, 3), fit(scale * x, 3)
    np.testing.assert_allclose(loud[0], quiet[0], atol=1e-5)
    powers = [f.variances[-1] if isinstance(f, Predictor) else f[1] for f in (quiet, loud)]
    assert powers[1] == pytest.approx(scale**2 * powers[0], rel=1e-5)


@pytest.mark.parametrize("fit", [burg, modified_covariance, maximum_likelihood])
def test_time_reversed_is_the_same_filter(rng, fit):
    x = speechlike(rng, 100)
    np.testing.assert_allclose(fit(x, 4)[0], fit(x[::-1].copy(), 4)[0], atol=1e-5)


# ------------------------------------------------------------------ difficult signals


@pytest.mark.parametrize("fit", ESTIMATORS)
def test_silence_has_zero_coefficients_and_zero_variance(fit):
    found = fit(np.zeros(40), 4)
    assert not found[0].any()
    assert (found.variances[-1] if isinstance(found, Predictor) else found[1]) == 0


@pytest.mark.parametrize("order", [1, 2, 3, 16])
@pytest.mark.parametrize("fit", ALWAYS_STABLE)
def test_pure_tone_and_constant_stay_stable(fit, order):
    t = np.arange(2000)
    for x in (np.sin(0.3 * t), np.ones(2000), (-1.0) ** t, np.float32(np.sin(0.05 * t))):
        found = fit(x, order)
        assert is_stable(found.phi)
        assert found.variances[-1] > 0


def test_what_is_predicted_perfectly_is_held_back_by_120_decibels():
    t = np.arange(50)
    exact = [(np.ones(50), [1.0]), ((-1.0) ** t, [-1.0])]
    for x, phi in exact:
        for fitted in (burg(x, 1), Predictor(*kernels.burg(x, 1))):
            np.testing.assert_allclose(fitted.phi, phi, atol=1e-11)
            assert fitted.variances[1] == pytest.approx(1e-12)
    tone = np.cos(0.3 * np.arange(4))
    for fitted in (levinson(tone), Predictor(*kernels.levinson(tone))):
        np.testing.assert_allclose(fitted.phi, [2 * np.cos(0.3), -1.0, 0.0], atol=1e-9)
        np.testing.assert_allclose(fitted.variances[2:], 1e-12, rtol=1e-6)
        assert is_stable(fitted.phi)


def test_pure_tone_puts_the_poles_of_burg_on_its_frequency():
    x = np.sin(0.3 * np.arange(500))
    pole = np.roots(np.append(1.0, -burg(x, 2).phi))[0]
    assert abs(np.angle(pole)) == pytest.approx(0.3, abs=1e-3)
    assert 0.999999 < abs(pole) < 1


@pytest.mark.parametrize("fit", ESTIMATORS)
def test_order_zero_is_white_noise(rng, fit):
    x = rng.standard_normal(50)
    found = fit(x, 0)
    assert found[0].shape == (0,)
    variance = found.variances[-1] if isinstance(found, Predictor) else found[1]
    assert variance == pytest.approx(np.mean(x**2))


# ------------------------------------------------------------------ bad input


BAD_SIGNALS = [
    (np.zeros(0), 2, ValueError, "at least 1 sample"),
    (np.ones(1), 2, ValueError, r"order \+ 1 = 3 samples, got 1"),
    (np.ones(2), 2, ValueError, "shorten the order or pass a longer clip"),
    (np.ones((100, 2)), 2, ValueError, "mono"),
    (np.array([0.1, np.nan] * 20), 2, ValueError, "nan at index 1"),
    (np.array([0.1, 0.2, np.inf] * 20), 2, ValueError, "inf at index 2"),
    (np.arange(40), 2, TypeError, "int64"),
    (np.ones(40, np.complex128), 2, TypeError, "complex128"),
    (np.ones(40), -1, ValueError, "order of at least 0"),
    (np.ones(40), 2.0, TypeError, "whole number for order"),
    (np.ones(40), True, TypeError, "whole number for order"),
    (np.ones(40), None, TypeError, "whole number for order"),
]


@pytest.mark.parametrize(("x", "order", "error", "words"), BAD_SIGNALS)
@pytest.mark.parametrize("fit", [*ESTIMATORS, autocorrelation])
def test_bad_signals_are_named(fit, x, order, error, words):
    with pytest.raises(error, match=words):
        fit(x, order)


def test_least_squares_needs_as_many_equations_as_unknowns(rng):
    x = rng.standard_normal(19)
    for fit, needed in ((covariance, 20), (maximum_likelihood, 20)):
        with pytest.raises(ValueError, match=f"need at least {needed} samples"):
            fit(x, 10)
    modified_covariance(x, 12)
    with pytest.raises(ValueError, match="need at least 20 samples"):
        modified_covariance(x, 13)


def test_levinson_refuses_what_is_no_autocorrelation():
    with pytest.raises(ValueError, match="positive semidefinite"):
        levinson(np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="positive semidefinite"):
        levinson(np.array([-1.0, 0.5]))
    with pytest.raises(ValueError, match=r"positive semidefinite.*at lag 2"):
        levinson(np.array([1.0, 0.9, 0.0]))
    with pytest.raises(TypeError, match="floating-point"):
        levinson([1, 0])
    with pytest.raises(ValueError, match="at least 1"):
        levinson(np.zeros(0))


def test_fit_frames_names_bad_input(rng):
    frames = rng.standard_normal((3, 20))
    with pytest.raises(ValueError, match=r"shape \(frames, time\), got shape \(20,\)"):
        fit_frames(frames[0], 4)
    with pytest.raises(ValueError, match="shorten the order"):
        fit_frames(frames, 20)
    with pytest.raises(TypeError, match="floating-point"):
        fit_frames(np.ones((3, 20), int), 4)
    with pytest.raises(ValueError, match="finite samples in frames"):
        fit_frames(np.full((3, 20), np.nan), 4)
    with pytest.raises(ValueError, match='"burg" or "yule-walker"'):
        fit_frames(frames, 4, method="covariance")
    assert fit_frames(np.zeros((0, 20)), 4).phi.shape == (0, 4)
