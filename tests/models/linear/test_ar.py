import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.signal
import scipy.stats
from hypothesis import given
from oracles import ar_autocovariance, gaussian_log_density, stable_phi

from course_lib.audio import Clip
from course_lib.models.linear.ar import AR, Method, score_orders
from course_lib.models.linear.innovations import Gaussian, Laplace, StudentT
from course_lib.models.linear.lattice import step_up

METHODS = list(Method.__args__)
INNOVATIONS = [Gaussian(), Laplace(), StudentT(4.0)]


@pytest.fixture
def vowel(rng) -> Clip:
    """Something like a vowel: three resonances, half a second at 8 kHz."""
    phi = step_up(np.array([0.9, -0.8, 0.3, -0.5, 0.2, -0.6]))
    x = scipy.signal.lfilter([0.01], np.append(1.0, -phi), rng.laplace(size=4000))
    return Clip(x, 8000)


# ------------------------------------------------------------------ exact likelihood


@pytest.mark.parametrize("order", [0, 1, 2, 5, 16])
@pytest.mark.parametrize("length", [1, 2, 5, 16, 17, 40])
def test_likelihood_is_the_dense_multivariate_normal(rng, order, length):
    phi, x = stable_phi(rng, order), rng.standard_normal(length)
    dense = gaussian_log_density(x, ar_autocovariance(phi, 0.7, length - 1))
    likelihood = AR(phi, 0.7).log_likelihood(x)
    assert likelihood.kind == "exact"
    assert likelihood.nats == pytest.approx(dense, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("innovation", INNOVATIONS)
def test_samples_come_from_a_density_of_mass_one(rng, innovation):
    """E[q(x) / p(x)] = 1 for x drawn from p and any density q with lighter tails."""
    model = AR(np.array([0.6, -0.4]), 0.5, innovation)
    q = scipy.stats.multivariate_normal(
        cov=0.4 * scipy.linalg.toeplitz(ar_autocovariance(model.phi, 0.5, 3))
    )
    draws = model.sample(4, count=2000, rng=rng)
    ratio = np.exp([q.logpdf(x) - model.log_likelihood(x).nats for x in draws])
    assert ratio.mean() == pytest.approx(1, abs=4 * ratio.std() / np.sqrt(len(ratio)))
    assert ratio.std() / np.sqrt(len(ratio)) < 0.05


@pytest.mark.parametrize("innovation", INNOVATIONS)
def test_beyond_the_start_it_is_the_sum_of_the_innovations_densities(rng, innovation):
    model = AR(np.array([0.6, -0.4, 0.1]), 0.5, innovation)
    x = rng.standard_normal(30)
    scale = np.sqrt(0.5)
    errors = [x[t] - model.phi @ x[t - 3 : t][::-1] for t in range(3, 30)]
    frozen = {
        "Gaussian": scipy.stats.norm(scale=scale),
        "Laplace": scipy.stats.laplace(scale=scale / np.sqrt(2)),
        "StudentT": scipy.stats.t(4.0, scale=scale / np.sqrt(2)),
    }[type(innovation).__name__]
    conditional = model.log_likelihood(x).nats - model.log_likelihood(x[:3]).nats
    assert conditional == pytest.approx(frozen.logpdf(errors).sum(), rel=1e-10)


def test_likelihood_of_a_clip_is_that_of_its_samples(vowel):
    model = AR.fit(vowel, 4)
    assert model.log_likelihood(vowel) == model.log_likelihood(vowel.samples)


# ------------------------------------------------------------------ second-order properties


@pytest.mark.parametrize("order", [0, 1, 2, 3, 8])
def test_autocovariance_is_that_of_the_lyapunov_equation(rng, order):
    phi = stable_phi(rng, order)
    for lags in (0, 1, order, 3 * order + 2):
        expected = ar_autocovariance(phi, 2.0, lags)
        found = AR(phi, 2.0).autocovariance(lags)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9 * expected[0])


@given(order=st.integers(0, 12), seed=st.integers(0, 50))
def test_spectrum_is_freqz_and_integrates_to_the_variance_of_x(order, seed):
    model = AR(stable_phi(np.random.default_rng(seed), order, largest=0.9), 0.3)
    frequencies = np.arange(8192) / 8192
    spectrum = model.spectrum(frequencies)
    _, response = scipy.signal.freqz(
        [np.sqrt(0.3)], np.append(1.0, -model.phi), worN=2 * np.pi * frequencies
    )
    np.testing.assert_allclose(spectrum, np.abs(response) ** 2, rtol=1e-9)
    assert spectrum.mean() == pytest.approx(model.autocovariance(0)[0], rel=1e-6)


def test_resonance_is_the_place_and_width_of_the_spectral_peak():
    radius, angle = 0.99, 2 * np.pi * 700 / 8000
    model = AR(np.array([2 * radius * np.cos(angle), -(radius**2)]), 1.0)
    (resonance,) = model.resonances(8000)
    assert resonance.frequency == pytest.approx(700)
    hertz = np.linspace(500, 900, 4001)
    spectrum = model.spectrum(hertz / 8000)
    assert hertz[spectrum.argmax()] == pytest.approx(700, abs=1)
    above_half = hertz[spectrum > spectrum.max() / 2]
    assert above_half[-1] - above_half[0] == pytest.approx(resonance.bandwidth, rel=0.01)


def test_poles_are_the_zeros_of_the_polynomial(rng):
    phi = stable_phi(rng, 5)
    poles = AR(phi, 1.0).poles
    np.testing.assert_allclose(-np.poly(poles).real[1:], phi, atol=1e-10)
    assert (np.diff(np.abs(poles)) <= 1e-12).all()
    assert AR(np.array([0.5, 0.0, 0.0]), 1.0).poles.shape == (3,)


def test_residual_and_filter_undo_each_other(vowel):
    model = AR.fit(vowel)
    x = vowel.samples.astype(np.float64)
    e = model.residual(vowel)
    np.testing.assert_allclose(e, scipy.signal.lfilter(np.append(1, -model.phi), 1, x), atol=1e-12)
    np.testing.assert_allclose(model.filter(e), x, atol=1e-9)
    assert np.mean(e[16:] ** 2) == pytest.approx(model.variance, rel=0.02)


# ------------------------------------------------------------------ fitting


@pytest.mark.parametrize("method", METHODS)
def test_fit_finds_a_filter_that_whitens(vowel, method):
    model = AR.fit(vowel, 6, method=method)
    e = model.residual(vowel)[6:]
    correlation = [e[:-k] @ e[k:] / (e @ e) for k in range(1, 10)]
    assert np.abs(correlation).max() < 4 / np.sqrt(len(e))
    assert model.is_stable
    assert model.variance == pytest.approx(np.mean(e**2), rel=0.05)


def test_maximum_likelihood_is_the_likeliest(vowel):
    short = vowel.cut(0, 0.02)
    scores = {m: AR.fit(short, 6, method=m).log_likelihood(short).nats for m in METHODS}
    assert max(scores, key=scores.get) == "maximum likelihood"


@pytest.mark.parametrize(
    ("name", "scipy_density"), [("laplace", scipy.stats.laplace), ("student-t", scipy.stats.t)]
)
def test_innovations_are_fitted_by_maximum_likelihood(vowel, name, scipy_density):
    model = AR.fit(vowel, 6, innovation=name)
    e = model.residual(vowel)[6:]
    loc_zero = scipy_density.fit(e, floc=0)
    theirs = scipy_density.logpdf(e, *loc_zero).mean()
    scaled = e / np.sqrt(model.variance)
    ours = np.mean(model.innovation.log_density(scaled)) - 0.5 * np.log(model.variance)
    assert ours == pytest.approx(theirs, abs=1e-5)
    np.testing.assert_array_equal(model.phi, AR.fit(vowel, 6).phi)
    gaussian = AR.fit(vowel, 6).log_likelihood(vowel).nats
    assert model.log_likelihood(vowel).nats > gaussian + 50


@pytest.mark.parametrize("innovation", INNOVATIONS)
def test_what_is_sampled_is_what_is_fitted(rng, innovation):
    truth = AR(np.array([1.2, -0.8]), 0.25, innovation)
    x = truth.sample(40_000, rng=rng)[0]
    name = {"Gaussian": "gaussian", "Laplace": "laplace", "StudentT": "student-t"}
    found = AR.fit(x, 2, innovation=name[type(innovation).__name__])
    np.testing.assert_allclose(found.phi, truth.phi, atol=4 * np.sqrt((1 - 0.8**2) / 40_000))
    assert found.variance == pytest.approx(0.25, rel=0.1)
    if isinstance(innovation, StudentT):
        assert found.innovation.degrees == pytest.approx(4.0, rel=0.2)
    for other in INNOVATIONS:
        if other != innovation:
            wrong = AR(truth.phi, 0.25, other)
            assert wrong.log_likelihood(x).nats < found.log_likelihood(x).nats


def test_student_t_with_many_degrees_is_gaussian():
    u = np.linspace(-3, 3, 61)
    difference = StudentT(1e6).log_density(u) - Gaussian().log_density(u)
    assert np.abs(difference).max() < 1e-4


@pytest.mark.parametrize("innovation", INNOVATIONS)
def test_innovations_have_unit_variance_and_unit_mass(rng, innovation):
    def density(u):
        return float(np.exp(innovation.log_density(np.array([u]))[0]))

    mass, _ = scipy.integrate.quad(density, -np.inf, np.inf)
    variance, _ = scipy.integrate.quad(lambda u: u * u * density(u), -np.inf, np.inf, limit=200)
    assert mass == pytest.approx(1, abs=1e-7)
    assert variance == pytest.approx(1, abs=1e-3)
    theirs = {
        "Gaussian": scipy.stats.norm(),
        "Laplace": scipy.stats.laplace(scale=np.sqrt(0.5)),
        "StudentT": scipy.stats.t(4.0, scale=np.sqrt(0.5)),
    }[type(innovation).__name__]
    assert scipy.stats.kstest(innovation.draw(rng, 20_000), theirs.cdf).pvalue > 1e-3


# ------------------------------------------------------------------ sampling and forecasting


def test_samples_are_stationary_from_the_first_one(rng):
    """Mean squares over many draws, against the exact autocovariance; four standard errors."""
    phi = np.array([1.6, -0.9])
    gamma = ar_autocovariance(phi, 1.0, 5)
    for innovation in INNOVATIONS[:2]:
        x = AR(phi, 1.0, innovation).sample(6, count=4000, rng=rng)
        second_moments = x.T @ x / len(x)
        error = 4 * np.sqrt(10 / len(x)) * gamma[0]
        np.testing.assert_allclose(second_moments, scipy.linalg.toeplitz(gamma), atol=error)


def test_gaussian_samples_have_the_dense_distribution(rng):
    """The exact likelihood, whitened: x' C^-1 x is chi-squared with as many degrees as samples."""
    phi = np.array([0.9, -0.5, 0.2])
    x = AR(phi, 2.0).sample(8, count=3000, rng=rng)
    dense = scipy.linalg.toeplitz(ar_autocovariance(phi, 2.0, 7))
    squared = np.einsum("ij,ij->i", x, np.linalg.solve(dense, x.T).T)
    assert scipy.stats.kstest(squared, scipy.stats.chi2(8).cdf).pvalue > 1e-3


@pytest.mark.parametrize("innovation", INNOVATIONS)
def test_a_longer_draw_starts_with_the_shorter(innovation):
    model = AR(stable_phi(np.random.default_rng(1), 16), 1.0, innovation)
    long = model.sample(100, rng=np.random.default_rng(5))
    for length in (1, 7, 16, 17):
        short = model.sample(length, rng=np.random.default_rng(5))
        np.testing.assert_allclose(short[0], long[0, :length], atol=1e-12)


def test_forecast_is_the_conditional_normal(rng):
    phi, steps = stable_phi(rng, 3), 6
    x = rng.standard_normal(10)
    dense = scipy.linalg.toeplitz(ar_autocovariance(phi, 0.5, 15))
    gain = dense[10:, :10] @ np.linalg.inv(dense[:10, :10])
    forecast = AR(phi, 0.5).forecast(x, steps)
    np.testing.assert_allclose(forecast.mean, gain @ x, atol=1e-8)
    conditional = dense[10:, 10:] - gain @ dense[:10, 10:]
    np.testing.assert_allclose(forecast.deviation, np.sqrt(np.diag(conditional)), atol=1e-8)
    flat = AR(np.zeros(0), 0.5).forecast(x, 3)
    np.testing.assert_allclose(flat.mean, 0.0)


# ------------------------------------------------------------------ the order


def test_orders_are_scored_as_if_fitted_one_by_one(vowel):
    train, held_out = vowel.cut(0, 0.1), vowel.cut(0.1, 0.2)
    scores = score_orders(train, 12, held_out=held_out)
    n = len(train)
    for m in range(13):
        model = AR.fit(train, m)
        assert scores.variance[m] == pytest.approx(model.variance, rel=1e-9)
        bits = -model.log_likelihood(held_out).bits / len(held_out)
        assert scores.held_out[m] == pytest.approx(bits, abs=1e-9)
        fit = -2 * np.sum(scipy.stats.norm(scale=np.sqrt(model.variance)).logpdf(0)) * n + n
        assert scores.aic[m] == pytest.approx(fit + 2 * (m + 1))
        assert scores.bic[m] == pytest.approx(fit + np.log(n) * (m + 1))
        correction = 2 * (m + 1) * (m + 2) / (n - m - 2)
        assert scores.aicc[m] == pytest.approx(fit + 2 * (m + 1) + correction)
        assert scores.fpe[m] == pytest.approx(model.variance * (n + m) / (n - m))


def test_order_is_found(rng):
    phi = step_up(np.array([0.5, -0.7, 0.4, -0.5]))
    model = AR(phi, 1.0)
    x, other = model.sample(5000, count=2, rng=rng)
    best = score_orders(x, 20, held_out=other).best()
    assert best["bic"] == 4
    assert all(4 <= order <= 8 for order in best.values())
    assert "held_out" not in score_orders(x, 20).best()


# ------------------------------------------------------------------ bad and difficult input


def test_silence_is_a_model_of_zero_variance(rng):
    silent = Clip(np.zeros(100, np.float32), 8000)
    for method in METHODS:
        for name in ("gaussian", "laplace", "student-t"):
            model = AR.fit(silent, 4, method=method, innovation=name)
            assert model.variance == 0
            assert not model.phi.any()
            assert not model.sample(10, count=2, rng=rng).any()
            with pytest.raises(ValueError, match="fitted to silence"):
                model.log_likelihood(silent)
    with pytest.raises(ValueError, match="silence"):
        score_orders(silent, 4)


@pytest.mark.parametrize("name", ["gaussian", "laplace", "student-t"])
@pytest.mark.parametrize("method", METHODS)
def test_pure_tone_has_a_model_that_rings(tone, method, name, rng):
    model = AR.fit(tone, 2, method=method, innovation=name)
    assert np.angle(model.poles[0]) == pytest.approx(2 * np.pi * 440 / 8000, abs=1e-3)
    if model.is_stable:
        x = model.sample(2000, rng=rng)[0]
        assert np.isfinite(x).all()


def test_unstable_model_does_not_pretend(rng):
    model = AR(np.array([1.1]), 1.0)
    x = rng.standard_normal(20)
    assert not model.is_stable
    assert "unstable" in repr(model)
    for question in (
        lambda: model.log_likelihood(x),
        lambda: model.sample(10, rng=rng),
        lambda: model.autocovariance(3),
    ):
        with pytest.raises(ValueError, match=r"pole of magnitude 1\.1.*burg"):
            question()
    np.testing.assert_allclose(model.filter(model.residual(x)), x, atol=1e-9)
    assert model.forecast(x, 5).deviation[-1] > 1.1**4


BAD_SIGNALS = [
    (np.zeros(0), ValueError, "at least 1 sample"),
    (np.ones(1), ValueError, r"order \+ 1 = 17 samples, got 1"),
    (np.ones(12), ValueError, "shorten the order or pass a longer clip"),
    (np.ones((100, 2)), ValueError, "mono"),
    (np.full(40, np.nan), ValueError, "nan at index 0"),
    (np.full(40, np.inf), ValueError, "inf at index 0"),
    (np.arange(40, dtype=np.int16), TypeError, "x / 32768.0"),
    ("prompt.wav", TypeError, "floating-point|mono"),
]


@pytest.mark.parametrize(("x", "error", "words"), BAD_SIGNALS)
@pytest.mark.parametrize("method", METHODS)
def test_fit_names_bad_signals(x, error, words, method):
    with pytest.raises((error, ValueError), match=words):
        AR.fit(x, method=method)


def test_fit_names_bad_settings(vowel):
    with pytest.raises(ValueError, match="burg, yule-walker"):
        AR.fit(vowel, method="lpc")
    with pytest.raises(ValueError, match="student-t"):
        AR.fit(vowel, innovation="cauchy")
    with pytest.raises(TypeError, match="whole number for order"):
        AR.fit(vowel, 16.0)
    with pytest.raises(ValueError, match="at least 0"):
        AR.fit(vowel, -1)


def test_model_names_bad_parameters():
    for variance in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="variance"):
            AR(np.array([0.5]), variance)
    with pytest.raises(TypeError, match="floating-point"):
        AR([1, 0], 1.0)
    with pytest.raises(ValueError, match="finite samples in phi"):
        AR(np.array([np.nan]), 1.0)
    with pytest.raises(ValueError, match="degrees strictly between 2"):
        StudentT(2.0)
    with pytest.raises(ValueError, match="assignment destination is read-only"):
        AR(np.array([0.5]), 1.0).phi[0] = 2.0


def test_methods_name_bad_arguments(vowel, rng):
    model = AR.fit(vowel, 4)
    for method in (model.residual, model.filter, model.log_likelihood):
        with pytest.raises(ValueError, match="at least 1 sample"):
            method(np.zeros(0))
        with pytest.raises(ValueError, match="mono"):
            method(np.zeros((5, 2)))
    with pytest.raises(ValueError, match="at least 4 samples"):
        model.forecast(np.zeros(3), 5)
    with pytest.raises(ValueError, match="steps of at least 1"):
        model.forecast(vowel, 0)
    with pytest.raises(ValueError, match="lags of at least 0"):
        model.autocovariance(-1)
    with pytest.raises(TypeError, match="sample_rate"):
        model.resonances(8000.5)
    with pytest.raises(ValueError, match=r"order \+ 1 = 4000"):
        score_orders(vowel, 3999)
    with pytest.raises(ValueError, match="mono"):
        score_orders(vowel, 4, held_out=np.zeros((4, 2)))


def test_one_signal_is_drawn_by_default(rng):
    assert AR(np.array([0.5]), 1.0).sample(7, rng=rng).shape == (1, 7)


def test_settings_that_came_as_numpys_integers(vowel, rng):
    model = AR.fit(vowel, np.uint8(4))
    assert type(AR(np.array([0.5]), np.float32(0.1)).variance) is float
    assert model.sample(np.uint8(200), count=np.uint8(2), rng=rng).shape == (2, 200)
    assert len(model.forecast(vowel, np.uint8(200)).mean) == 200
    assert len(model.autocovariance(np.uint8(255))) == 256


def test_a_pole_that_is_barely_outside_is_told_so(rng):
    with pytest.raises(ValueError, match=r"a pole of magnitude 1\.00000001; fit"):
        AR(np.array([1.00000001]), 1.0).sample(3, rng=rng)
