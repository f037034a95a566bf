"""Known denoisers: against integrals by quadrature, scipy's densities and the Kalman smoother."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.statespace.sarimax import SARIMAX

from course_lib.models.diffusion.known_denoisers import GaussianProcess, MixtureDenoiser
from course_lib.models.linear.ar import AR

SOUND = AR(np.array([1.2, -0.7]), 0.3)


def full(value, count=1):
    return torch.full((count,), value, dtype=torch.float64)


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)[:, None]


def mixture():
    return MixtureDenoiser([1.0, 2.0, 1.0], [[-2.0], [0.5], [3.0]], [0.3, 0.5, 0.2])


def plane(rng, components=3):
    return MixtureDenoiser(
        rng.uniform(0.5, 2, components),
        rng.standard_normal((components, 2)),
        rng.uniform(0.1, 0.8, components),
    )


@pytest.mark.parametrize("sigma", [0.05, 0.7, 3.0])
@pytest.mark.parametrize("x", [-3.0, 0.1, 1.9])
def test_a_mixture_guesses_the_posterior_mean(x, sigma):
    """Oracle: Bayes' rule, integrated by quadrature over x0."""
    model = mixture()

    def joint(x0, power):
        prior = sum(
            w * scipy.stats.norm.pdf(x0, m, s)
            for w, m, s in zip([0.25, 0.5, 0.25], [-2, 0.5, 3], [0.3, 0.5, 0.2], strict=True)
        )
        return x0**power * prior * scipy.stats.norm.pdf(x, x0, sigma)

    points = (-2.0, 0.5, 3.0, x)
    evidence, first = (
        scipy.integrate.quad(joint, -6, 6, (n,), points=points, limit=200)[0] for n in (0, 1)
    )
    assert model.denoise(numbers(x), full(sigma)).item() == pytest.approx(first / evidence)
    density = model.log_density(numbers(x), full(sigma)).item()
    assert density == pytest.approx(math.log(evidence))


@given(st.integers(0, 99), st.floats(0.05, 5))
def test_the_score_is_the_gradient_and_tweedies_formula_holds(seed, sigma):
    rng = np.random.default_rng(seed)
    model = plane(rng)
    x = torch.from_numpy(2 * rng.standard_normal((4, 2))).requires_grad_()
    noise = full(sigma, 4)
    (gradient,) = torch.autograd.grad(model.log_density(x, noise).sum(), x)
    score = model.score(x, noise)
    torch.testing.assert_close(score, gradient)
    torch.testing.assert_close(model.denoise(x, noise), x + sigma**2 * score)


def test_noise_levels_belong_each_to_its_own_datum(rng):
    model, x = plane(rng), torch.from_numpy(rng.standard_normal((3, 2)))
    sigma = torch.tensor([0.1, 1.0, 10.0], dtype=torch.float64)
    for method in (model.denoise, model.score, model.log_density, model.responsibilities):
        alone = torch.cat([method(x[i : i + 1], sigma[i : i + 1]) for i in range(3)])
        torch.testing.assert_close(method(x, sigma), alone)


def test_samples_of_a_mixture_have_its_shares_means_and_scales(rng):
    model = mixture()
    drawn = model.sample(20_000, rng=rng)[:, 0]

    def law(x):
        return sum(
            w * scipy.stats.norm.cdf(x, m, s)
            for w, m, s in zip([0.25, 0.5, 0.25], [-2, 0.5, 3], [0.3, 0.5, 0.2], strict=True)
        )

    assert scipy.stats.kstest(drawn.numpy(), law).pvalue > 1e-3


def test_points_are_copied_by_their_denoiser(rng):
    """With scales of zero the guess is a weighted mean of the data: one of them at low noise,
    the mean of all at high noise."""
    sounds = rng.standard_normal((5, 3, 40))
    model = MixtureDenoiser(np.ones(5), sounds, np.zeros(5))
    noisy = torch.from_numpy(sounds + 0.1 * rng.standard_normal(sounds.shape))
    guess = model.denoise(noisy, full(0.1, 5))
    torch.testing.assert_close(guess, torch.from_numpy(sounds))
    far = model.denoise(1e4 * torch.from_numpy(rng.standard_normal((1, 3, 40))), full(1e4))
    expected = torch.from_numpy(sounds.mean(axis=0, keepdims=True))
    torch.testing.assert_close(far, expected, atol=5e-2, rtol=0)
    with pytest.raises(ValueError, match="sigma above 0"):
        model.denoise(noisy, full(0.0, 5))


def test_equal_points_share_the_responsibility():
    model = MixtureDenoiser([1, 3], [[1.0], [1.0]], [0.0, 0.0])
    shares = model.responsibilities(numbers(0.2), full(0.5))
    torch.testing.assert_close(shares, torch.tensor([[0.25, 0.75]], dtype=torch.float64))


@pytest.mark.parametrize("sigma", [0.0, 0.4, 3.0])
def test_a_process_has_scipys_density(sigma, rng):
    process = GaussianProcess.from_ar(SOUND, 12)
    x = process.sample(5, rng=rng)
    covariance = scipy.linalg.toeplitz(SOUND.autocovariance(11)) + sigma**2 * np.eye(12)
    expected = scipy.stats.multivariate_normal(cov=covariance).logpdf(x.numpy())
    np.testing.assert_allclose(process.log_density(x, full(sigma, 5)), expected)
    if sigma == 0:
        exact = [SOUND.log_likelihood(row).nats for row in x.numpy()]
        np.testing.assert_allclose(process.log_density(x, full(0.0, 5)), exact)


@pytest.mark.parametrize("sigma", [0.1, 1.0, 5.0])
def test_a_process_denoises_as_the_kalman_smoother_does(sigma, rng):
    """Golden: the smoothed state of an AR model observed in white noise."""
    process = GaussianProcess.from_ar(SOUND, 60)
    x = process.sample(2, rng=rng) + sigma * torch.from_numpy(rng.standard_normal((2, 60)))
    for row, guess in zip(x.numpy(), process.denoise(x, full(sigma, 2)).numpy(), strict=True):
        series = SARIMAX(row, order=(2, 0, 0), measurement_error=True)
        smoothed = series.smooth([*SOUND.phi, sigma**2, SOUND.variance]).smoothed_state[0]
        np.testing.assert_allclose(guess, smoothed, atol=1e-9)


@given(st.floats(0.05, 5))
def test_tweedies_formula_holds_for_a_process(sigma):
    process = GaussianProcess.from_ar(SOUND, 8)
    x = process.sample(3, rng=np.random.default_rng(1)).requires_grad_()
    noise = full(sigma, 3)
    (gradient,) = torch.autograd.grad(process.log_density(x, noise).sum(), x)
    torch.testing.assert_close(process.score(x, noise), gradient)
    torch.testing.assert_close(process.denoise(x, noise), x + sigma**2 * gradient)


def test_the_least_error_is_what_the_filter_makes_and_nothing_beats_it(rng):
    process, sigma = GaussianProcess.from_ar(SOUND, 16), 0.8
    clean = process.sample(20_000, rng=rng)
    noisy = clean + sigma * torch.from_numpy(rng.standard_normal(clean.shape))
    guess = process.denoise(noisy, full(sigma, len(noisy)))
    least = process.least_error(full(sigma)).item()
    made = (guess - clean).square().mean().item()
    assert made == pytest.approx(least, rel=0.01)
    for change in (0.9, 1.1):
        assert (change * guess - clean).square().mean() > made
    assert process.least_error(full(0.0)).item() == 0
    assert process.least_error(full(1e6)).item() == pytest.approx(SOUND.autocovariance(0)[0])


def test_the_ode_has_the_solution_that_scipy_finds(rng):
    process = GaussianProcess.from_ar(SOUND, 6)
    x = process.sample(1, rng=rng) * 3

    def slope(sigma, x):
        guess = process.denoise(torch.from_numpy(x)[None], full(sigma))
        return (x - guess[0].numpy()) / sigma

    found = scipy.integrate.solve_ivp(slope, (5.0, 0.01), x[0].numpy(), rtol=1e-10, atol=1e-12)
    exact = process.ode_solution(x, full(5.0), full(0.01))[0]
    np.testing.assert_allclose(found.y[:, -1], exact, atol=1e-7)
    torch.testing.assert_close(process.ode_solution(exact[None], full(0.01), full(5.0)), x)


def test_samples_of_a_process_have_its_covariance(rng):
    process = GaussianProcess.from_ar(SOUND, 4)
    drawn = process.sample(40_000, rng=rng).numpy()
    covariance = scipy.linalg.toeplitz(SOUND.autocovariance(3))
    np.testing.assert_allclose(drawn.T @ drawn / len(drawn), covariance, atol=0.04)


def test_a_singular_process_denoises_and_has_no_density(rng):
    process = GaussianProcess(np.ones((3, 3)))  # one value, three times
    x = torch.from_numpy(rng.standard_normal((2, 3)))
    expected = (x.sum(dim=1) / (3 + 0.25))[:, None].expand(2, 3)
    torch.testing.assert_close(process.denoise(x, full(0.5, 2)), expected)
    for method in (process.score, process.log_density):
        with pytest.raises(ValueError, match="singular"):
            method(x, full(0.0, 2))
    silence = GaussianProcess(np.zeros((3, 3)))
    assert not silence.denoise(x, full(0.0, 2)).any()


MODELS = [mixture(), GaussianProcess.from_ar(SOUND, 4)]


@pytest.mark.parametrize("model", MODELS)
def test_a_draw_does_not_depend_on_how_many_are_drawn(model):
    few = model.sample(2, rng=np.random.default_rng(5))
    many = model.sample(7, rng=np.random.default_rng(5))
    torch.testing.assert_close(few, many[:2])


@pytest.mark.parametrize("model", MODELS)
def test_the_answer_has_the_dtype_of_the_question(model):
    x = torch.zeros(2, *model.shape)
    for method in (model.denoise, model.score, model.log_density):
        assert method(x, torch.ones(2)).dtype == torch.float32


@pytest.mark.parametrize("model", MODELS)
def test_bad_questions_are_refused(model):
    x, one = torch.zeros(2, *model.shape, dtype=torch.float64), full(1.0, 2)
    for method in (model.denoise, model.score, model.log_density):
        for bad in (x[0], x[:0], x[..., :0], x.long(), torch.stack([x, x], dim=-1)):
            with pytest.raises(ValueError, match="need floating-point x"):
                method(bad, one)
        for noise in (full(1.0, 3), full(-1.0, 2), full(math.nan, 2), torch.tensor(1.0)):
            with pytest.raises(ValueError, match="one noise level"):
                method(x, noise)
        with pytest.raises(ValueError, match="finite x"):
            method(x + math.nan, one)
    with pytest.raises(ValueError, match="count"):
        model.sample(0, rng=np.random.default_rng())
    with pytest.raises(TypeError, match="Generator"):
        model.sample(1, rng=3)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (([], np.zeros((0, 1)), []), "shapes"),
        (([1.0], [0.0], [1.0]), "shapes"),
        (([1.0], [[0.0]], 1.0), "shapes"),
        (([1.0, 1.0], [[0.0]], [1.0, 1.0]), "shapes"),
        (([1.0], np.zeros((1, 0)), [1.0]), "shapes"),
        (([0.0], [[0.0]], [1.0]), "weights above 0"),
        (([1.0], [[0.0]], [-1.0]), "scales of 0 or more"),
        (([1.0], [[math.nan]], [1.0]), "finite means"),
        (([math.inf], [[0.0]], [1.0]), "finite weights"),
    ],
)
def test_bad_mixtures_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        MixtureDenoiser(*arguments)


@pytest.mark.parametrize(
    ("covariance", "match"),
    [
        (np.ones(3), "shape"),
        (np.ones((2, 3)), "shape"),
        (np.zeros((0, 0)), "shape"),
        ([[1.0, 0.5], [0.2, 1.0]], "symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], "negative eigenvalues"),
        ([[math.nan]], "finite covariance"),
    ],
)
def test_bad_covariances_are_refused(covariance, match):
    with pytest.raises(ValueError, match=match):
        GaussianProcess(covariance)


def test_bad_settings_of_processes_are_refused():
    with pytest.raises(ValueError, match="length"):
        GaussianProcess.from_ar(SOUND, 0)
    with pytest.raises(ValueError, match="stable"):
        GaussianProcess.from_ar(AR(np.array([1.1]), 1.0), 4)
    process = GaussianProcess(np.eye(2))
    for bad in (full(-1.0), torch.tensor(1.0), full(math.nan)):
        with pytest.raises(ValueError, match="noise levels"):
            process.least_error(bad)
