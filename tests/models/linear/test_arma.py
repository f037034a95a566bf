"""ARMA models: against the full covariance matrix, statsmodels, and what they were drawn from."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st
from oracles import arma_autocovariance, gaussian_log_density, stable_phi
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.tsa.arima_process import ArmaProcess
from statsmodels.tsa.innovations.arma_innovations import arma_innovations
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.stattools import acf, pacf

from course_lib.audio import Clip
from course_lib.models.linear import estimation, exact_likelihood, moments
from course_lib.models.linear.ar import AR
from course_lib.models.linear.arma import ARMA
from course_lib.models.linear.diagnostics import (
    ljung_box,
    sample_autocorrelations,
    sample_partial_autocorrelations,
    white_noise_bound,
)

NONE = np.zeros(0)


def model_of(p, q, *, seed=0, variance=1.7, mean=0.0, largest=0.9):
    rng = np.random.default_rng(seed)
    return ARMA(stable_phi(rng, p, largest), -stable_phi(rng, q, largest), variance, mean)


def drawn(model, length, seed=1):
    return model.sample(length, rng=np.random.default_rng(seed))[0]


# ------------------------------------------------------------------ the density


@pytest.mark.parametrize("p", range(4))
@pytest.mark.parametrize("q", range(4))
@pytest.mark.parametrize("gaps", [False, True])
def test_likelihood_is_the_multivariate_normal_density(rng, p, q, gaps):
    model = model_of(p, q, mean=0.4)
    x = rng.standard_normal(12)
    covariance = arma_autocovariance(model.phi, model.theta, model.variance, 12)
    if not gaps:
        expected = gaussian_log_density(x - 0.4, covariance)
    else:
        x[[0, 4, 5, 11]] = np.nan
        heard = np.flatnonzero(~np.isnan(x))
        dense = covariance[np.abs(heard[:, None] - heard)]
        rest = x[heard] - 0.4
        log_det = np.linalg.slogdet(2 * np.pi * dense)[1]
        expected = -0.5 * (log_det + rest @ np.linalg.solve(dense, rest))
    likelihood = model.log_likelihood(x)
    assert likelihood.kind == "exact"
    assert likelihood.nats == pytest.approx(expected, rel=1e-10)


def test_a_moving_average_need_not_be_invertible_to_have_a_density(rng):
    x = rng.standard_normal(30)
    outside = ARMA(NONE, np.array([2.5]), 1.0)
    expected = gaussian_log_density(x, arma_autocovariance([], [2.5], 1.0, 30))
    assert outside.log_likelihood(x).nats == pytest.approx(expected, rel=1e-10)
    inside = outside.invertible()
    assert inside.is_invertible
    assert not outside.is_invertible
    assert inside.log_likelihood(x).nats == pytest.approx(expected, rel=1e-10)


def test_pure_autoregression_scores_as_AR_does(rng):
    phi = stable_phi(rng, 6)
    x = rng.standard_normal(200)
    ours = ARMA(phi, NONE, 0.3).log_likelihood(x).nats
    assert ours == pytest.approx(AR(phi, 0.3).log_likelihood(x).nats, rel=1e-11)


@pytest.mark.parametrize("order", [(1, 0), (0, 2), (2, 1), (3, 3), (6, 2)])
@pytest.mark.parametrize("gaps", [False, True])
def test_likelihood_equals_statsmodels(order, gaps):
    model = model_of(*order)
    x = drawn(model, 300)
    if gaps:
        x[[1, 50, 51, 299]] = np.nan
        x[100:140] = np.nan
    peer = SARIMAX(x, order=(order[0], 0, order[1]))
    expected = peer.loglike(np.r_[model.phi, model.theta, model.variance])
    assert model.log_likelihood(x).nats == pytest.approx(expected, rel=1e-8)


@given(st.integers(0, 3), st.integers(0, 3), st.floats(1e-8, 1e8), st.integers(0, 1000))
def test_scaling_the_series_scales_the_density(p, q, scale, seed):
    model = model_of(p, q, seed=seed)
    x = drawn(model, 40)
    scaled = ARMA(model.phi, model.theta, model.variance * scale**2)
    shift = model.log_likelihood(x).nats - scaled.log_likelihood(scale * x).nats
    assert shift == pytest.approx(40 * np.log(scale), abs=1e-6)


def test_residuals_multiply_to_the_density_and_are_white():
    model = model_of(3, 2, mean=1.0)
    x = drawn(model, 2000)
    u = model.residuals(x)
    assert u.std() == pytest.approx(1, abs=0.06)
    assert ljung_box(u, 20).p_value > 0.01
    assert ljung_box(x, 20).p_value < 1e-6
    x[10:20] = np.nan
    assert np.isnan(model.residuals(x)[10:20]).all()
    assert np.count_nonzero(np.isnan(model.residuals(x))) == 10


# ------------------------------------------------------------------ what a model says of itself


@pytest.mark.parametrize("order", [(0, 0), (2, 0), (0, 3), (2, 2), (1, 4)])
def test_autocovariance_and_spectrum(order):
    model = model_of(*order)
    gamma = model.autocovariance(30)
    expected = arma_autocovariance(model.phi, model.theta, model.variance, 30)
    np.testing.assert_allclose(gamma, expected, atol=1e-10)
    peer = ArmaProcess(np.r_[1, -model.phi], np.r_[1, model.theta])
    np.testing.assert_allclose(gamma, model.variance * peer.acovf(31), atol=1e-9)
    frequencies = np.arange(4096) / 4096
    power = model.spectrum(frequencies)
    # The spectrum is the Fourier series of the autocovariance.
    np.testing.assert_allclose(np.fft.ifft(power).real[:31], gamma, atol=1e-8)


def test_a_moving_average_forgets_after_q_samples():
    assert (np.abs(model_of(0, 3).autocovariance(9)[4:]) < 1e-14).all()


def test_samples_have_the_models_covariance_from_the_first_one():
    model = model_of(2, 1, mean=3.0)
    x = model.sample(4, count=4000, rng=np.random.default_rng(3))
    gamma = model.autocovariance(3)
    np.testing.assert_allclose(x.mean(axis=0), 3.0, atol=0.25)
    np.testing.assert_allclose(np.cov(x.T)[0], gamma, atol=0.1 * gamma[0])
    np.testing.assert_allclose(np.cov(x.T)[3], gamma[::-1], atol=0.1 * gamma[0])


def test_a_longer_sample_starts_with_the_shorter_one():
    model = model_of(2, 2)
    np.testing.assert_array_equal(drawn(model, 50)[:20], drawn(model, 20))


def test_filter_is_the_difference_equation(rng):
    model, e = model_of(2, 1, mean=0.5), rng.standard_normal(20)
    x = np.zeros(20)
    for t in range(20):
        past = model.phi[0] * x[t - 1] + model.phi[1] * x[t - 2] if t > 1 else 0.0
        past = model.phi[0] * x[0] if t == 1 else past
        x[t] = past + e[t] + (model.theta[0] * e[t - 1] if t else 0.0)
    np.testing.assert_allclose(model.filter(e), x + 0.5, atol=1e-12)
    with pytest.raises(ValueError, match="mono"):
        model.filter(np.ones((2, 2)))


def test_poles_and_zeros_stand_where_they_were_put():
    model = ARMA(np.array([0.9, 0.0]), np.array([0.0, 0.25]), 1.0)
    np.testing.assert_allclose(model.poles, [0.9, 0.0])
    np.testing.assert_allclose(sorted(model.zeros.imag), [-0.5, 0.5], atol=1e-12)
    assert "ARMA(2, 2; stationary, invertible" in repr(model)


# ------------------------------------------------------------------ forecasts and gaps


@pytest.mark.parametrize("order", [(2, 0), (0, 2), (3, 1)])
def test_forecasts_equal_statsmodels(order):
    model = model_of(*order)
    x = drawn(model, 200)
    parameters = np.r_[model.phi, model.theta, model.variance]
    peer = SARIMAX(x, order=(order[0], 0, order[1])).filter(parameters).get_forecast(12)
    ours = model.forecast(x, 12)
    np.testing.assert_allclose(ours.mean, peer.predicted_mean, atol=1e-8)
    np.testing.assert_allclose(ours.deviation, peer.se_mean, atol=1e-8)
    low, high = ours.interval(0.9)
    np.testing.assert_allclose(np.c_[low, high], peer.conf_int(alpha=0.1), atol=1e-7)


def test_intervals_cover_what_comes():
    model = model_of(2, 1)
    inside = []
    for x in model.sample(60, count=200, rng=np.random.default_rng(5)):
        low, high = model.forecast(x[:50], 10).interval(0.8)
        inside.append((low < x[50:]) & (x[50:] < high))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.04)


def dense_conditional(model, x):
    missing = np.isnan(x)
    gamma = arma_autocovariance(model.phi, model.theta, model.variance, len(x))
    covariance = gamma[np.abs(np.subtract.outer(np.arange(len(x)), np.arange(len(x))))]
    across = covariance[np.ix_(missing, ~missing)]
    gain = np.linalg.solve(covariance[np.ix_(~missing, ~missing)], across.T).T
    mean = model.mean + gain @ (x[~missing] - model.mean)
    return mean, covariance[np.ix_(missing, missing)] - gain @ across.T


@pytest.mark.parametrize("order", [(0, 0), (2, 0), (0, 2), (3, 2)])
def test_gaps_are_filled_with_their_conditional_mean(order):
    model = model_of(*order, mean=-2.0)
    x = drawn(model, 50)
    x[[0, 1, 20, 21, 22, 49]] = np.nan
    mean, covariance = dense_conditional(model, x)
    filled = model.smooth(x)
    gap = np.isnan(x)
    np.testing.assert_allclose(filled.mean[gap], mean, atol=1e-9)
    np.testing.assert_allclose(filled.deviation[gap], np.sqrt(np.diag(covariance)), atol=1e-9)
    np.testing.assert_array_equal(filled.mean[~gap], x[~gap])
    assert (filled.deviation[~gap] == 0).all()
    np.testing.assert_array_equal(model.fill_missing(x), filled.mean)


def test_draws_of_a_gap_have_its_conditional_distribution():
    model = model_of(2, 1)
    x = drawn(model, 30)
    x[10:14] = np.nan
    mean, covariance = dense_conditional(model, x)
    draws = model.draw_missing(x, count=3000, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(draws[:, :10], np.tile(x[:10], (3000, 1)))
    spread = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(draws[:, 10:14].mean(axis=0), mean, atol=4 * spread.max() / 50)
    assert np.abs(np.cov(draws[:, 10:14].T) - covariance).max() < 0.1 * covariance.max()
    few = model.draw_missing(x, count=2, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(draws[:2], few)


def test_a_series_without_gaps_is_returned_as_it_is():
    model = model_of(1, 1)
    x = drawn(model, 20)
    np.testing.assert_array_equal(model.fill_missing(x), x)


# ------------------------------------------------------------------ fitting


@pytest.mark.parametrize(("order", "seed"), [((2, 1), 0), ((0, 2), 1), ((3, 2), 2), ((1, 1), 3)])
def test_fit_is_as_likely_as_statsmodels(order, seed):
    x = drawn(model_of(*order, seed=seed), 400, seed)
    ours = ARMA.fit(x, order)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer's remarks on its own starts
        peer = SARIMAX(x, order=(order[0], 0, order[1])).fit(disp=False)
    assert ours.report.converged
    assert ours.report.log_likelihood >= peer.llf - 1e-3
    assert ours.log_likelihood(x).nats == pytest.approx(ours.report.log_likelihood, rel=1e-9)


def test_fit_finds_the_higher_of_two_hills():
    """On this series the regression's start leads to a lower maximum than the search over zeros."""
    worse = []
    for seed in range(12):
        x = drawn(model_of(1, 1, seed=seed, largest=0.4), 150, seed)
        ours = ARMA.fit(x, (1, 1)).report.log_likelihood
        grid = np.linspace(-0.95, 0.95, 20)
        likelihood = exact_likelihood.ExactLikelihood.of(
            x, exact_likelihood.Sizes(1, 0, 1, 0), np.ones(1), with_mean=False
        )
        best = max(likelihood.log_likelihood(np.arctanh([a, b])) for a in grid for b in grid)
        worse.append(ours < best - 1e-3)
    assert not any(worse)


@pytest.mark.parametrize("order", [(2, 1), (1, 2), (3, 0), (0, 2)])
def test_fit_recovers_the_parameters_within_their_errors(order):
    model = model_of(*order, seed=4, mean=5.0, largest=0.8)
    x = drawn(model, 5000)
    fitted = ARMA.fit(x, order, with_mean=True)
    errors = fitted.standard_errors(x)
    assert (np.abs(fitted.phi - model.phi) < 4 * errors["phi"]).all()
    assert (np.abs(fitted.theta - model.theta) < 4 * errors["theta"]).all()
    assert abs(fitted.mean - 5.0) < 4 * errors["mean"]
    assert fitted.variance == pytest.approx(model.variance, rel=0.1)


@pytest.mark.parametrize("offset", [100.0, -1e4])
def test_a_series_far_from_zero_is_fitted_like_one_about_zero(offset):
    x = drawn(model_of(2, 1, seed=4, largest=0.8), 1000)
    near, far = (ARMA.fit(series, (2, 1), with_mean=True) for series in (x, x + offset))
    np.testing.assert_allclose(far.phi, near.phi, atol=1e-5)
    np.testing.assert_allclose(far.theta, near.theta, atol=1e-5)
    assert far.mean == pytest.approx(near.mean + offset, abs=1e-5)
    assert far.report.evaluations < 2 * near.report.evaluations + 20


def test_standard_errors_of_known_cases():
    """AR(1) and MA(1): (1 - phi^2) / N and (1 - theta^2) / N."""
    for model, name in (
        (ARMA(np.array([0.6]), NONE, 1.0), "phi"),
        (ARMA(NONE, np.array([-0.5]), 1.0), "theta"),
    ):
        x = drawn(model, 4000)
        fitted = ARMA.fit(x, model.order)
        value = getattr(fitted, name)[0]
        expected = np.sqrt((1 - value**2) / 4000)
        assert fitted.standard_errors(x)[name][0] == pytest.approx(expected, rel=0.05)


def test_standard_errors_match_their_spread_over_series():
    model = ARMA(np.array([0.7]), np.array([0.4]), 1.0)
    fits = [
        (ARMA.fit(x, (1, 1)), x) for x in model.sample(400, count=60, rng=np.random.default_rng(8))
    ]
    spread = np.std([fit.phi[0] for fit, _ in fits])
    stated = np.mean([fit.standard_errors(x)["phi"][0] for fit, x in fits[:10]])
    assert stated == pytest.approx(spread, rel=0.3)


def test_fit_with_gaps_is_at_the_top_of_its_likelihood():
    model = model_of(2, 1, seed=4, largest=0.8)
    x = drawn(model, 500)
    x[60:90] = np.nan
    x[::17] = np.nan
    fitted = ARMA.fit(x, (2, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = SARIMAX(x, order=(2, 0, 1)).fit(disp=False)
    assert fitted.report.log_likelihood >= peer.llf - 1e-3
    assert fitted.log_likelihood(x).nats == pytest.approx(fitted.report.log_likelihood, rel=1e-9)
    errors = fitted.standard_errors(x)
    np.testing.assert_allclose(np.r_[errors["phi"], errors["theta"]], peer.bse[:3], rtol=0.1)


@given(st.floats(-7, 7), st.integers(0, 50))
def test_fit_does_not_depend_on_the_level_of_the_sound(exponent, seed):
    x = drawn(model_of(1, 1, seed=seed), 120, seed)
    plain, loud = ARMA.fit(x, (1, 1)), ARMA.fit(10**exponent * x, (1, 1))
    shift = plain.report.log_likelihood - loud.report.log_likelihood
    assert shift == pytest.approx(120 * exponent * np.log(10), abs=1e-3)
    assert loud.is_stationary
    assert loud.is_invertible


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_fit_at_extreme_levels(scale):
    x = drawn(model_of(2, 1), 500)
    plain, scaled = ARMA.fit(x, (2, 1)), ARMA.fit(scale * x, (2, 1))
    np.testing.assert_allclose(scaled.phi, plain.phi, atol=1e-3)
    assert scaled.variance == pytest.approx(plain.variance * scale**2, rel=1e-4)


@pytest.mark.parametrize("gaps", [False, True])
def test_gradient_of_the_cost_with_a_mean(rng, gaps):
    x = drawn(model_of(1, 1, mean=3.0), 60)
    if gaps:
        x[20:25] = np.nan
    sizes = exact_likelihood.Sizes(1, 0, 1, 0)
    likelihood = exact_likelihood.ExactLikelihood.of(x, sizes, np.ones(1), with_mean=True)
    likelihood = replace(likelihood, centre=2.5, unit=7.0)
    u = np.array([0.3, -0.2, 0.1])
    _, gradient = likelihood.cost(u)
    for i, d in enumerate(1e-5 * np.eye(3)):
        slope = (likelihood.cost(u + d)[0] - likelihood.cost(u - d)[0]) / 2e-5
        assert gradient[i] == pytest.approx(slope, rel=1e-5)
    assert likelihood.split(u).mean == pytest.approx(3.2)
    np.testing.assert_allclose(likelihood.join(likelihood.split(u)), u, atol=1e-12)


def test_a_noninvertible_start_is_mirrored_inside():
    """x = e[t] + 2 e[t-1] is also u[t] + 0.5 u[t-1]: the second is what a fit must find."""
    x = drawn(ARMA(NONE, np.array([2.0]), 1.0), 3000)
    fitted = ARMA.fit(x, (0, 1))
    assert fitted.theta[0] == pytest.approx(0.5, abs=0.06)
    assert fitted.variance == pytest.approx(4.0, rel=0.1)
    mirrored = moments.inside_circle(np.array([-2.0]))
    np.testing.assert_allclose(mirrored, [-0.5])


def test_orders_of_zero_fit_white_noise(rng):
    x = rng.standard_normal(50)
    fitted = ARMA.fit(x, (0, 0))
    assert fitted.order == (0, 0)
    assert fitted.variance == pytest.approx(np.mean(x**2))
    assert fitted.log_likelihood(x).nats == pytest.approx(fitted.report.log_likelihood)
    centred = ARMA.fit(x + 3, (0, 0), with_mean=True)
    assert centred.mean == pytest.approx((x + 3).mean())


def test_a_fit_that_gives_up_says_so_once(monkeypatch):
    minimise = scipy.optimize.minimize

    def hasty(*args, options, **keywords):
        return minimise(*args, options=options | {"maxiter": 1}, **keywords)

    monkeypatch.setattr(estimation.scipy.optimize, "minimize", hasty)
    monkeypatch.setattr(estimation, "RESTARTS", 0)
    x = drawn(model_of(4, 2), 300)
    with pytest.warns(estimation.NotConverged, match="stopped before it converged") as caught:
        fitted = ARMA.fit(x, (4, 2))
    assert len(caught) == 1
    assert not fitted.report.converged
    assert "ITERATIONS" in fitted.report.message


# ------------------------------------------------------------------ the simple estimators


def test_innovations_algorithm_is_a_cholesky_decomposition():
    model = model_of(1, 2)
    gamma = model.autocovariance(10)
    theta, variances = moments.innovations_algorithm(gamma)
    covariance = gamma[np.abs(np.subtract.outer(np.arange(11), np.arange(11)))]
    lower = np.eye(11)
    for n in range(1, 11):
        lower[n, :n] = theta[n - 1, :n][::-1]
    np.testing.assert_allclose(lower @ np.diag(variances) @ lower.T, covariance, atol=1e-10)


def test_innovations_algorithm_tends_to_the_moving_average():
    model = model_of(0, 2)
    theta, variances = moments.innovations_algorithm(model.autocovariance(300))
    np.testing.assert_allclose(theta[-1, :2], model.theta, atol=1e-8)
    assert np.abs(theta[-1, 2:]).max() < 1e-12
    assert variances[-1] == pytest.approx(model.variance)


def test_innovations_agree_with_statsmodels():
    model = model_of(0, 2, variance=1.0)
    x = drawn(model, 50)
    ours = model.residuals(x)
    peer, variances = arma_innovations(x, np.zeros(0), model.theta.copy(), sigma2=1.0)
    np.testing.assert_allclose(ours, peer / np.sqrt(variances), atol=1e-8)


@pytest.mark.parametrize("method", ["innovations", "durbin", "hannan-rissanen"])
def test_simple_estimators_come_near(method):
    model = ARMA(NONE, np.array([0.5, -0.3]), 2.0, mean=1.0)
    fitted = ARMA.fit(drawn(model, 20_000), (0, 2), method=method, with_mean=True)
    np.testing.assert_allclose(fitted.theta, model.theta, atol=0.05)
    assert fitted.variance == pytest.approx(2.0, rel=0.05)
    assert fitted.mean == pytest.approx(1.0, abs=0.1)
    assert fitted.report is None


def test_hannan_rissanen_finds_poles_too():
    model = ARMA(np.array([1.2, -0.6]), np.array([0.4]), 1.0)
    fitted = ARMA.fit(drawn(model, 20_000), (2, 1), method="hannan-rissanen")
    np.testing.assert_allclose(fitted.phi, model.phi, atol=0.05)
    np.testing.assert_allclose(fitted.theta, model.theta, atol=0.05)


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_durbins_method_is_always_invertible(seed, q):
    x = np.random.default_rng(seed).standard_normal(60)
    assert ARMA.fit(x, (0, q), method="durbin").is_invertible


# ------------------------------------------------------------------ diagnostics


def test_diagnostics_equal_statsmodels(rng):
    x = drawn(model_of(2, 1), 300)
    np.testing.assert_allclose(sample_autocorrelations(x, 20), acf(x, nlags=20), atol=1e-12)
    ours = sample_partial_autocorrelations(x, 20)
    np.testing.assert_allclose(ours, pacf(x, nlags=20, method="ldb")[1:], atol=1e-10)
    peer = acorr_ljungbox(x, lags=[15], model_df=3)
    box = ljung_box(x, 15, fitted=3)
    assert box.statistic == pytest.approx(float(peer["lb_stat"].iloc[0]))
    assert box.p_value == pytest.approx(float(peer["lb_pvalue"].iloc[0]), abs=1e-12)
    assert box.degrees == 12


def test_white_noise_stays_inside_its_bound(rng):
    x = rng.standard_normal(4000)
    inside = np.abs(sample_autocorrelations(x, 200)[1:]) < white_noise_bound(x)
    assert inside.mean() == pytest.approx(0.95, abs=0.04)


def test_diagnostics_leave_gaps_out(rng):
    x = rng.standard_normal(500)
    x[::5] = np.nan
    assert white_noise_bound(x) == pytest.approx(1.96 / np.sqrt(400), rel=1e-3)
    assert ljung_box(x, 10).p_value > 1e-3


# ------------------------------------------------------------------ bad input


BAD_SERIES = [
    (np.zeros(0), ValueError, "at least 1 sample"),
    (np.zeros((4, 2)), ValueError, "mono"),
    (np.arange(50), TypeError, "floating-point"),
    (np.full(50, np.nan), ValueError, "not NaN"),
    (np.r_[np.ones(20), np.inf], ValueError, "inf at index 20"),
]


@pytest.mark.parametrize(("x", "error", "words"), BAD_SERIES)
def test_bad_series_are_named(x, error, words, rng):
    model = model_of(1, 1)
    for question in (
        model.log_likelihood,
        model.residuals,
        model.smooth,
        model.fill_missing,
        lambda y: model.forecast(y, 3),
        lambda y: model.draw_missing(y, rng=rng),
        lambda y: ARMA.fit(y, (1, 1)),
    ):
        with pytest.raises(error, match=words):
            question(x)


@pytest.mark.parametrize(
    ("order", "error", "words"),
    [
        ((-1, 0), ValueError, "p of at least 0"),
        ((0.5, 0), TypeError, "whole number for p"),
        ((1, -2), ValueError, "q of at least 0"),
        (3, TypeError, r"\(p, q\)"),
        ((1, 2, 3), TypeError, r"\(p, q\)"),
        ((40, 0), ValueError, "need at least 42 samples"),
    ],
)
def test_bad_orders_are_named(order, error, words, rng):
    with pytest.raises(error, match=words):
        ARMA.fit(rng.standard_normal(30), order)


def test_too_short_for_its_parameters():
    with pytest.raises(ValueError, match="need at least 5 samples that count for 3 parameters"):
        ARMA.fit(np.array([1.0, -1.0, 2.0]), (1, 1), with_mean=True)
    x = np.full(100, np.nan)
    x[:4] = 1.0, -1.0, 2.0, 0.5
    with pytest.raises(ValueError, match="NaN take the rest"):
        ARMA.fit(x, (1, 1), with_mean=True)


def test_constant_series():
    constant = ARMA.fit(np.full(50, 0.3), (1, 1), with_mean=True)
    assert constant.variance == 0
    assert constant.mean == pytest.approx(0.3)
    np.testing.assert_allclose(constant.sample(5, rng=np.random.default_rng(0))[0], 0.3)
    np.testing.assert_allclose(constant.forecast(np.full(50, 0.3), 4).mean, 0.3)
    assert ARMA.fit(np.zeros(50), (1, 1)).variance == 0
    with pytest.raises(ValueError, match=r"a constant 0\.3"):
        ARMA.fit(np.full(50, 0.3), (1, 1))
    with pytest.raises(ValueError, match="positive innovation variance"):
        constant.log_likelihood(np.full(50, 0.3))
    with pytest.raises(ValueError, match="got a constant"):
        ljung_box(np.ones(50), 3)


def test_methods_that_do_not_serve(rng):
    x = rng.standard_normal(200)
    with pytest.raises(ValueError, match="need p = 0"):
        ARMA.fit(x, (1, 1), method="durbin")
    with pytest.raises(ValueError, match="need a method out of"):
        ARMA.fit(x, (1, 1), method="guess")
    with pytest.raises(ValueError, match="silence"):
        ARMA.fit(np.zeros(200), (0, 1), method="innovations")
    with pytest.raises(ValueError, match=r"4 \(order \+ 1\) = 20 samples, got 10"):
        ARMA.fit(x[:10], (0, 4), method="durbin")
    with pytest.raises(ValueError, match="at least 2"):
        ARMA.fit(x[:10], (2, 2), method="hannan-rissanen")
    with pytest.raises(ValueError, match="nan at index 3"):
        ARMA.fit(np.r_[x[:3], np.nan, x], (0, 1), method="durbin")


def test_bad_models_are_refused():
    with pytest.raises(ValueError, match="variance of 0 or more"):
        ARMA(NONE, NONE, -1.0)
    with pytest.raises(TypeError, match="floating-point"):
        ARMA(np.array([1]), NONE, 1.0)
    with pytest.raises(ValueError, match="finite"):
        ARMA(np.array([np.nan]), NONE, 1.0)
    explosive = ARMA(np.array([1.2]), NONE, 1.0)
    assert not explosive.is_stationary
    for question in (
        lambda: explosive.log_likelihood(np.ones(9)),
        lambda: explosive.autocovariance(3),
    ):
        with pytest.raises(ValueError, match="stationary"):
            question()
    with pytest.raises(ValueError, match="stationary"):
        explosive.sample(9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        model_of(1, 0).forecast(np.ones(9), 2).interval(1.0)


def test_a_clip_will_do():
    clip = Clip(drawn(model_of(2, 1, variance=1e-4), 300).clip(-1, 1), 8000)
    fitted = ARMA.fit(clip, (2, 1))
    assert np.isfinite(fitted.log_likelihood(clip).nats)


def test_intervals_hold_95_percent_by_default():
    forecast = model_of(1, 1).forecast(np.ones(9), 5)
    np.testing.assert_array_equal(forecast.interval(), forecast.interval(0.95))
    assert forecast.interval()[1][0] > forecast.interval(0.9)[1][0]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int8])
def test_steps_that_came_as_numpys_integers(kind):
    model, x = model_of(2, 1), np.sin(np.arange(40.0))
    expected = model.forecast(x, 5)
    found = model.forecast(x, kind(5))
    np.testing.assert_array_equal(found.mean, expected.mean)
    np.testing.assert_array_equal(found.deviation, expected.deviation)
    assert model.sample(kind(100), rng=np.random.default_rng(0)).shape == (1, 100)


@pytest.mark.parametrize("fit", [moments.ma_by_innovations, moments.ma_by_durbin])
@pytest.mark.parametrize(
    ("x", "error", "told"),
    [
        (np.ones(20, int), TypeError, "floating-point samples"),
        (np.append(np.ones(20), np.nan), ValueError, "finite samples"),
        (np.ones((20, 2)), ValueError, "mono"),
    ],
)
def test_moving_averages_are_fitted_to_signals_only(fit, x, error, told):
    with pytest.raises(error, match=told):
        fit(x, 1)
