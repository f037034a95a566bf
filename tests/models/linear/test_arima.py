"""ARIMA models: dense flat-prior density, statsmodels, and what they were drawn from."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import diffuse_log_density, integrated, stable_phi
from statsmodels.tsa.statespace.sarimax import SARIMAX

from course_lib.audio import Clip
from course_lib.models.linear.arima import ARIMA, compare_orders
from course_lib.models.linear.arma import ARMA

ORDERS = list(itertools.product(range(3), range(3), range(3)))


def model_of(order, *, seed=0, drift=0.0, variance=1.3):
    p, d, q = order
    rng = np.random.default_rng(seed)
    phi, theta = stable_phi(rng, p, 0.8), -stable_phi(rng, q, 0.8)
    return ARIMA(phi, theta, variance, d, drift=drift)


def seasonal_model(variance=1.0):
    """ARIMA(1, 1, 1)(1, 1, 1)_4."""
    return ARIMA(
        np.array([0.4]), np.array([0.3]), variance, 1, np.array([0.2]), np.array([-0.3]), 1, 4
    )


def drawn(model, length, seed=1):
    return model.sample(length, rng=np.random.default_rng(seed))[0]


def holes(x):
    x = x.copy()
    x[[2, 7, 8, len(x) - 1]] = np.nan
    return x


def quietly(function, *args, **keywords):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer's remarks on its own starts
        return function(*args, **keywords)


def exact_diffuse(x, order, seasonal_order=(0, 0, 0, 0), **keywords):
    """The peer's model under the convention that this library uses."""
    diffuse = order[1] + seasonal_order[1] > 0
    return SARIMAX(
        x, order=order, seasonal_order=seasonal_order, use_exact_diffuse=diffuse, **keywords
    )


# ------------------------------------------------------------------ the density


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("gaps", [False, True])
def test_likelihood_is_the_normal_density_with_a_flat_start(order, gaps):
    model = model_of(order, drift=0.1)
    x = drawn(model, 14) + 3.0
    x = holes(x) if gaps else x
    covariance, curves = integrated(
        model.phi, model.theta, model.variance, model.differences, len(x)
    )
    heard = ~np.isnan(x)
    expected = diffuse_log_density(
        (x - model.trend(len(x)))[heard], covariance[np.ix_(heard, heard)], curves[heard]
    )
    assert model.log_likelihood(x).nats == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("order", [(0, 1, 1), (2, 1, 0), (1, 2, 1), (3, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize("gaps", [False, True])
def test_likelihood_equals_statsmodels(order, gaps):
    model = model_of(order)
    x = drawn(model, 150)
    x = holes(x) if gaps else x
    parameters = np.r_[model.phi, model.theta, model.variance]
    expected = exact_diffuse(x, order).loglike(parameters) + 0.5 * order[1] * np.log(2 * np.pi)
    assert model.log_likelihood(x).nats == pytest.approx(expected, rel=1e-8)
    if not gaps:
        simple = SARIMAX(x, order=order, simple_differencing=True).loglike(parameters)
        assert model.log_likelihood(x).nats == pytest.approx(simple, rel=1e-8)
        # The peer's default, a vague prior on the level, comes near and no nearer.
        vague = SARIMAX(x, order=order).loglike(parameters)
        assert model.log_likelihood(x).nats == pytest.approx(vague, abs=1e-2)


@pytest.mark.parametrize("gaps", [False, True])
def test_seasonal_likelihood_equals_statsmodels(gaps):
    model = seasonal_model()
    x = drawn(model, 80)
    x = holes(x) if gaps else x
    peer = exact_diffuse(x, (1, 1, 1), (1, 1, 1, 4))
    expected = peer.loglike([0.4, 0.3, 0.2, -0.3, 1.0]) + 2.5 * np.log(2 * np.pi)
    assert model.log_likelihood(x).nats == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("gaps", [False, True])
def test_drift_equals_a_regression_on_time(d, gaps):
    model = model_of((1, d, 1), drift=0.3)
    x = drawn(model, 60)
    x = holes(x) if gaps else x
    time = np.arange(60.0) ** d / (1, 1, 2)[d]
    if d == 2:
        time += np.arange(60.0) / 2  # the parabola whose second differences are 1
    peer = exact_diffuse(x, (1, d, 1), exog=time[:, None])
    parameters = np.r_[0.3, model.phi, model.theta, model.variance]
    expected = peer.loglike(parameters) + 0.5 * d * np.log(2 * np.pi)
    assert model.log_likelihood(x).nats == pytest.approx(expected, rel=1e-8)


@given(st.sampled_from(ORDERS), st.floats(-1e4, 1e4), st.integers(0, 100))
def test_the_level_does_not_matter_once_differenced(order, level, seed):
    model = model_of(order, seed=seed)
    x = drawn(model, 30, seed)
    if order[1] == 0:
        return
    for series in (x, holes(x)):
        there = model.log_likelihood(series + level).nats
        assert there == pytest.approx(model.log_likelihood(series).nats, abs=1e-4)


def test_without_differences_it_is_an_arma_model():
    model = model_of((2, 0, 1))
    x = drawn(model, 100)
    arma = ARMA(model.phi, model.theta, model.variance)
    assert model.log_likelihood(x) == arma.log_likelihood(x)
    assert ARIMA.fit(x, (2, 0, 1)).report == ARMA.fit(x, (2, 1)).report


# ------------------------------------------------------------------ forecasts, gaps, samples


@pytest.mark.parametrize("order", [(0, 1, 1), (2, 1, 1), (1, 2, 1), (2, 0, 1)])
@pytest.mark.parametrize("gaps", [False, True])
def test_forecasts_and_smoothing_equal_statsmodels(order, gaps):
    model = model_of(order)
    x = drawn(model, 70) + 2.0
    x = holes(x) if gaps else x
    peer = exact_diffuse(x, order).smooth(np.r_[model.phi, model.theta, model.variance])
    expected = peer.get_forecast(8)
    ours = model.forecast(x, 8)
    scale = np.abs(x[~np.isnan(x)]).max()
    np.testing.assert_allclose(ours.mean, expected.predicted_mean, atol=1e-7 * scale)
    np.testing.assert_allclose(ours.deviation, expected.se_mean, rtol=1e-6)
    if gaps:
        missing = np.isnan(x)
        design = peer.model.ssm["design"]
        mean = (design @ peer.smoothed_state)[0]
        variance = np.einsum("i,ijt,j->t", design[0], peer.smoothed_state_cov, design[0])
        filled = model.smooth(x)
        np.testing.assert_allclose(filled.mean[missing], mean[missing], atol=1e-6 * scale)
        np.testing.assert_allclose(
            filled.deviation[missing] ** 2, variance[missing], atol=1e-6 * variance.max()
        )


def test_a_level_that_is_not_yet_known_widens_the_forecast():
    """Four samples of a series that follows its past slowly: statsmodels says the same."""
    x = np.array([1.0, 3.0, 2.0, 2.5])
    peer = exact_diffuse(x, (0, 1, 1)).smooth([-0.9, 1.0]).get_forecast(2)
    ours = ARIMA(np.zeros(0), np.array([-0.9]), 1.0, 1).forecast(x, 2)
    np.testing.assert_allclose(ours.mean, peer.predicted_mean, rtol=1e-9)
    np.testing.assert_allclose(ours.deviation, peer.se_mean, rtol=1e-9)
    assert ours.deviation[0] > 1.05


def test_drift_leads_the_forecast():
    line = ARIMA(np.zeros(0), np.zeros(0), 1e-6, 1, drift=0.5)
    x = 4 + 0.5 * np.arange(20.0)
    np.testing.assert_allclose(line.forecast(x, 3).mean, [14.0, 14.5, 15.0], atol=1e-9)
    x[5:15] = np.nan
    np.testing.assert_allclose(line.smooth(x).mean, 4 + 0.5 * np.arange(20.0), atol=1e-9)


def test_a_random_walk_joins_the_ends_of_a_gap_by_a_line():
    walk = ARIMA(np.zeros(0), np.zeros(0), 2.0, 1)
    x = np.r_[0.0, 1.0, np.full(4, np.nan), 6.0, 5.0]
    filled = walk.smooth(x)
    np.testing.assert_allclose(filled.mean[2:6], [2, 3, 4, 5], atol=1e-12)
    bridge = 2.0 * np.array([1 * 4, 2 * 3, 3 * 2, 4 * 1]) / 5  # a Brownian bridge's variance
    np.testing.assert_allclose(filled.deviation[2:6] ** 2, bridge, atol=1e-12)


def test_a_season_repeats():
    """With D = 1 and nothing else, the forecast is the last season."""
    season = ARIMA(np.zeros(0), np.zeros(0), 1.0, seasonal_difference=1, period=3)
    x = np.tile([1.0, 5.0, 2.0], 4)
    np.testing.assert_allclose(season.forecast(x, 5).mean, [1, 5, 2, 1, 5], atol=1e-12)


def test_samples_differ_into_the_stationary_process():
    model = seasonal_model()
    x = model.sample(300, count=3, rng=np.random.default_rng(2))
    assert x.shape == (3, 300)
    w = np.apply_along_axis(np.convolve, 1, x, model.differences)[:, 5:300]
    arma = ARMA(model.ar_coefficients, model.ma_coefficients, 1.0)
    assert w.std() == pytest.approx(np.sqrt(arma.autocovariance(0)[0]), rel=0.15)


def test_draws_through_a_gap_spread_as_the_smoother_says():
    model = model_of((0, 1, 1))
    x = drawn(model, 30)
    x[10:16] = np.nan
    draws = model.draw_missing(x, count=1500, rng=np.random.default_rng(3))
    filled = model.smooth(x)
    np.testing.assert_allclose(draws.std(axis=0)[10:16], filled.deviation[10:16], rtol=0.1)
    error = filled.deviation[10:16] / np.sqrt(1500)
    assert (np.abs(draws.mean(axis=0) - filled.mean)[10:16] < 4 * error).all()


def test_residuals_leave_the_level_out():
    model = model_of((1, 2, 1))
    x = drawn(model, 1500)
    u = model.residuals(x)
    assert np.isnan(u[:2]).all()
    assert np.nanstd(u) == pytest.approx(1, abs=0.06)
    late = model.residuals(holes(x))[20:-1]
    np.testing.assert_allclose(late, u[20:-1], atol=1e-3)


# ------------------------------------------------------------------ fitting


@pytest.mark.parametrize(("order", "seed"), [((0, 1, 1), 0), ((2, 1, 1), 1), ((1, 2, 1), 2)])
@pytest.mark.parametrize("gaps", [False, True])
def test_fit_is_as_likely_as_statsmodels(order, seed, gaps):
    x = drawn(model_of(order, seed=seed), 250, seed)
    x = holes(x) if gaps else x
    ours = ARIMA.fit(x, order)
    peer = quietly(exact_diffuse(x, order).fit, disp=False)
    assert ours.report.converged
    assert ours.report.log_likelihood >= peer.llf + 0.5 * order[1] * np.log(2 * np.pi) - 1e-3
    assert ours.log_likelihood(x).nats == pytest.approx(ours.report.log_likelihood, rel=1e-9)


@pytest.mark.parametrize("gaps", [False, True])
def test_seasonal_fit_is_as_likely_as_statsmodels(gaps):
    x = drawn(seasonal_model(), 160)
    x = holes(x) if gaps else x
    ours = ARIMA.fit(x, (1, 1, 1), seasonal_order=(1, 1, 1), period=4)
    peer = quietly(exact_diffuse(x, (1, 1, 1), (1, 1, 1, 4)).fit, disp=False)
    assert ours.report.log_likelihood >= peer.llf + 2.5 * np.log(2 * np.pi) - 1e-3
    assert ours.seasonal_order == (1, 1, 1)


def test_fit_recovers_drift_and_coefficients():
    model = ARIMA(np.array([0.5]), np.array([0.4]), 1.0, 1, drift=0.2)
    x = drawn(model, 4000)
    fitted = ARIMA.fit(x, (1, 1, 1), drift=True)
    errors = fitted.standard_errors(x)
    for name in ("phi", "theta", "drift"):
        distance = np.abs(getattr(fitted, name) - getattr(model, name))
        assert (distance < 4 * errors[name]).all()
        assert (np.asarray(errors[name]) > 0).all()
    assert "ARIMA(1, 1, 1) with drift" in repr(fitted)


def test_seasonal_fit_recovers_its_coefficients():
    model = ARIMA(np.array([0.5]), np.zeros(0), 1.0, 0, np.array([0.6]), np.zeros(0), 0, 12)
    x = drawn(model, 3000)
    fitted = ARIMA.fit(x, (1, 0, 0), seasonal_order=(1, 0, 0), period=12)
    errors = fitted.standard_errors(x)
    assert abs(fitted.phi[0] - 0.5) < 4 * errors["phi"][0]
    assert abs(fitted.seasonal_phi[0] - 0.6) < 4 * errors["seasonal_phi"][0]


def test_a_straight_line_has_no_variance():
    fitted = ARIMA.fit(2.0 * np.arange(30.0), (1, 1, 0), drift=True)
    assert fitted.variance == 0
    assert fitted.drift == pytest.approx(2.0)
    assert ARIMA.fit(np.full(30, 7.0), (1, 1, 0)).variance == 0


# ------------------------------------------------------------------ choosing an order


def test_aicc_finds_the_order():
    x = drawn(ARIMA(np.array([1.2, -0.7]), np.zeros(0), 1.0, 1), 800)
    ranked = compare_orders(x, [(p, 1, q) for p in range(4) for q in range(2)])
    assert ranked[0].order in {(2, 1, 0), (2, 1, 1), (3, 1, 0)}
    scores = [entry.score for entry in ranked]
    assert scores == sorted(scores)
    best = ranked[0].model
    k = sum(best.order) - 1 + 1
    n = 799
    expected = 2 * k * n / (n - k - 1) - 2 * best.log_likelihood(x).nats
    assert best.aicc(x) == pytest.approx(expected)


def test_held_out_bits_find_the_difference():
    x = drawn(ARIMA(np.zeros(0), np.array([0.5]), 1.0, 1), 600)
    ranked = compare_orders(x, [(0, 0, 1), (0, 1, 1), (0, 2, 1)], criterion="held-out")
    assert ranked[0].order == (0, 1, 1)
    beginning, model = x[:450], ranked[0].model
    gained = model.log_likelihood(x).bits - model.log_likelihood(beginning).bits
    assert ranked[0].score == pytest.approx(-gained / 150)


def test_bad_comparisons_are_refused(rng):
    x = rng.standard_normal(60)
    with pytest.raises(ValueError, match="orders of one d"):
        compare_orders(x, [(1, 0, 0), (1, 1, 0)])
    with pytest.raises(ValueError, match="at least one order"):
        compare_orders(x, [])
    with pytest.raises(ValueError, match="criterion"):
        compare_orders(x, [(1, 0, 0)], criterion="bic")
    with pytest.raises(ValueError, match="held_out"):
        compare_orders(x, [(1, 0, 0)], criterion="held-out", held_out=1.0)


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("order", "error", "words"),
    [
        ((-1, 0, 0), ValueError, "p of order of at least 0"),
        ((1, -1, 0), ValueError, "d of order of at least 0"),
        ((1, 0, 1.5), TypeError, "whole number for q of order"),
        ((1, 1), TypeError, r"\(p, d, q\)"),
        ((1, 50, 0), ValueError, "samples"),
    ],
)
def test_bad_orders_are_named(order, error, words, rng):
    with pytest.raises(error, match=words):
        ARIMA.fit(rng.standard_normal(30), order)


def test_bad_seasons_are_named(rng):
    x = rng.standard_normal(60)
    with pytest.raises(ValueError, match="period of at least 2"):
        ARIMA.fit(x, (1, 0, 0), seasonal_order=(1, 0, 0))
    with pytest.raises(TypeError, match=r"\(P, D, Q\)"):
        ARIMA.fit(x, (1, 0, 0), seasonal_order=(1, 0), period=4)
    with pytest.raises(ValueError, match="samples that count"):
        ARIMA.fit(x, (1, 0, 0), seasonal_order=(1, 1, 0), period=40)


@pytest.mark.parametrize("observed", [0, 1, 2])
def test_nan_patterns_that_leave_too_little(observed):
    x = np.full(20, np.nan)
    x[:observed] = 1.0
    model = ARIMA(np.zeros(0), np.zeros(0), 1.0, 2)
    for question in (model.log_likelihood, model.smooth, lambda y: ARIMA.fit(y, (0, 2, 0))):
        with pytest.raises(ValueError, match="need"):
            question(x)


def test_a_season_that_was_never_heard(rng):
    model = ARIMA(np.zeros(0), np.zeros(0), 1.0, seasonal_difference=1, period=4)
    x = rng.standard_normal(40)
    x[1::4] = np.nan
    with pytest.raises(ValueError, match="one of the seasons"):
        model.log_likelihood(x)


def test_too_short_to_difference():
    model = ARIMA(np.zeros(0), np.zeros(0), 1.0, 2)
    with pytest.raises(ValueError, match="more than 2 samples"):
        model.log_likelihood(np.ones(2))


def test_bad_models_are_refused():
    with pytest.raises(ValueError, match=r"difference \(d\) of at least 0"):
        ARIMA(np.zeros(0), np.zeros(0), 1.0, -1)
    with pytest.raises(TypeError, match=r"whole number for difference \(d\)"):
        ARIMA(np.zeros(0), np.zeros(0), 1.0, 0.5)
    with pytest.raises(ValueError, match="variance of 0 or more"):
        ARIMA(np.zeros(0), np.zeros(0), -1.0)
    with pytest.raises(ValueError, match="period"):
        ARIMA(np.zeros(0), np.zeros(0), 1.0, seasonal_difference=1)
    with pytest.raises(ValueError, match="stationary"):
        ARIMA(np.array([1.0]), np.zeros(0), 1.0).log_likelihood(np.ones(5))
    with pytest.raises(ValueError, match="positive innovation variance"):
        ARIMA(np.zeros(0), np.zeros(0), 0.0, 1).log_likelihood(np.ones(5))


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_extreme_levels(scale):
    x = drawn(model_of((1, 1, 1)), 300)
    plain, scaled = ARIMA.fit(x, (1, 1, 1)), ARIMA.fit(scale * x, (1, 1, 1))
    assert scaled.variance == pytest.approx(plain.variance * scale**2, rel=1e-3)
    gaps = ARIMA.fit(holes(scale * x), (1, 1, 1))
    assert gaps.variance == pytest.approx(plain.variance * scale**2, rel=0.1)


def test_a_clip_will_do():
    clip = Clip(np.cumsum(np.random.default_rng(0).standard_normal(200)) / 100, 100)
    fitted = ARIMA.fit(clip, (0, 1, 1))
    assert np.isfinite(fitted.log_likelihood(clip).nats)


def test_settings_that_came_as_numpys_integers():
    model = ARIMA(np.array([0.5]), np.zeros(0), np.float32(0.5), np.uint8(1), period=np.uint8(200))
    assert type(model.difference) is type(model.period) is int
    assert type(model.variance) is type(model.drift) is float
    assert len(model.forecast(np.cumsum(np.ones(9)), np.uint8(5)).mean) == 5
    seasonal = ARIMA(
        np.zeros(0), np.zeros(0), 1.0, seasonal_difference=np.uint8(1), period=np.uint8(200)
    )
    assert len(seasonal.differences) == 201
