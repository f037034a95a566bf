"""Likelihoods of diffusion models, against data whose density is known."""

import math

import numpy as np
import pytest
import torch
from lines import bend, gaussian, randn
from torch.distributions import Normal, kl_divergence

from course_lib.core import spawn
from course_lib.models.diffusion.known_denoisers import GaussianProcess, MixtureDenoiser
from course_lib.models.diffusion.likelihood import (
    bound_log_likelihood,
    bound_terms,
    ode_log_likelihood,
    variational_bound,
)
from course_lib.models.diffusion.process import (
    alpha_bar,
    cosine_betas,
    edm_sigmas,
    linear_betas,
    posterior,
)
from course_lib.models.diffusion.samplers import noises
from course_lib.models.diffusion.targets import denoise_at
from course_lib.models.linear.ar import AR

PROCESS = GaussianProcess.from_ar(AR(np.array([1.2, -0.7]), 0.3), 6)
POINTS = MixtureDenoiser([1, 2], [[-1.0, 0.5], [0.5, -0.25]], [0.2, 0.4])  # of mean zero
LADDER = edm_sigmas(400, sigma_min=0.002, sigma_max=200)
BITS = math.log(2)


def full(value, count):
    return torch.full((count,), value, dtype=torch.float64)


def test_the_ode_finds_the_density_of_a_gaussian(rng):
    """Closed form, blurred by the least noise, to 1e-3 bits a sample."""
    x = PROCESS.sample(8, rng=rng)
    found = ode_log_likelihood(PROCESS.denoise, x, LADDER)
    exact = PROCESS.log_density(x, full(0.002, 8))
    assert (found - exact).abs().max() / 6 / BITS < 1e-3


def test_the_ode_finds_the_density_of_a_mixture(rng):
    x = POINTS.sample(20, rng=rng)
    found = ode_log_likelihood(POINTS.denoise, x, LADDER)
    exact = POINTS.log_density(x, full(0.002, 20))
    assert (found - exact).abs().max() / 2 / BITS < 1e-3


def test_it_is_of_second_order(rng):
    """Twice the steps, a quarter of the error; the prior's own error is below all of them."""
    x = PROCESS.sample(8, rng=rng)
    exact = PROCESS.log_density(x, full(0.01, 8))
    errors = []
    for steps in (20, 40, 80):
        ladder = edm_sigmas(steps, sigma_min=0.01, sigma_max=1e4)
        found = ode_log_likelihood(PROCESS.denoise, x, ladder)
        errors.append((found - exact).abs().mean().item())
    orders = -np.diff(np.log2(errors))
    np.testing.assert_allclose(orders, 2, atol=0.4)


def test_hutchinson_is_right_in_the_mean_and_nearer_with_more_probes(rng):
    ladder = edm_sigmas(30, sigma_min=0.01, sigma_max=100)
    x = POINTS.sample(1, rng=rng)
    exact = ode_log_likelihood(POINTS.denoise, x, ladder)
    crowd = x.expand(400, 2)
    spreads = []
    for probes in (1, 4):
        found = ode_log_likelihood(POINTS.denoise, crowd, ladder, rng=rng, probes=probes)
        spread = found.std().item()
        assert found.mean().item() == pytest.approx(exact.item(), abs=4 * spread / 20 + 1e-9)
        spreads.append(spread)
    assert spreads[0] == pytest.approx(2 * spreads[1], rel=0.2)


def test_a_probe_needs_no_room_for_the_jacobian(rng):
    """White noise of 300,000 samples, whose Jacobian would fill 360 GB; one probe is exact."""
    x = torch.randn(1, 300_000, generator=torch.Generator().manual_seed(1))
    found = ode_log_likelihood(
        lambda x, sigma: x / (1 + sigma[:, None] ** 2),
        x,
        edm_sigmas(60, sigma_min=0.01, sigma_max=80),
        rng=rng,
    )
    exact = torch.distributions.Normal(0.0, 1.0).log_prob(x).sum()
    assert abs(found.item() / exact.item() - 1) < 0.01


def test_each_datum_is_scored_by_itself(rng):
    x = POINTS.sample(3, rng=rng)
    ladder = LADDER[::20]
    together = ode_log_likelihood(POINTS.denoise, x, ladder)
    torch.testing.assert_close(together[1:2], ode_log_likelihood(POINTS.denoise, x[1:2], ladder))
    settings = {"sigma_min": 0.01, "sigma_max": 50.0}
    many = bound_log_likelihood(POINTS.denoise, x, rng=np.random.default_rng(1), **settings)
    few = bound_log_likelihood(POINTS.denoise, x[:2], rng=np.random.default_rng(1), **settings)
    torch.testing.assert_close(many[:2], few)


@pytest.mark.parametrize("high", [2.0, 20.0])
def test_the_bound_of_the_best_denoiser_is_as_near_as_theory_says(high, rng):
    """Mean over the data: -h(x + sigma_min n) - KL(p(x; sigma_max) || N(0, sigma_max^2 I))."""
    count, low = 2000, 0.3
    x = PROCESS.sample(count, rng=rng)
    bound = bound_log_likelihood(
        PROCESS.denoise, x, sigma_min=low, sigma_max=high, rng=rng, draws=32
    )
    values = PROCESS.eigenvalues
    blurred = 0.5 * torch.log(2 * math.pi * math.e * (values + low**2)).sum()
    ratio = values / high**2
    divergence = 0.5 * (ratio - torch.log1p(ratio)).sum()
    expected = -(blurred + divergence).item()
    error = bound.std().item() / math.sqrt(count)
    assert bound.mean().item() == pytest.approx(expected, abs=4 * error)
    gap = PROCESS.log_density(x, full(0.0, count)) - bound
    assert gap.mean() > 10 * gap.std() / math.sqrt(count)


def test_a_worse_denoiser_has_a_lower_bound(rng):
    x = POINTS.sample(500, rng=rng)
    bounds = [
        bound_log_likelihood(
            lambda x, sigma, share=share: share * POINTS.denoise(x, sigma),
            x, sigma_min=0.05, sigma_max=20, rng=np.random.default_rng(2),
        ).mean()
        for share in (1.0, 0.9, 0.5)
    ]  # fmt: skip
    assert bounds[0] > bounds[1] > bounds[2]


def test_they_keep_the_dtype_and_take_any_shape(rng):
    sounds = MixtureDenoiser([1, 1], rng.standard_normal((2, 3, 4)), [0.5, 0.5])
    x = sounds.sample(2, rng=rng).float()
    for found in (
        ode_log_likelihood(sounds.denoise, x, LADDER[::40], rng=rng),
        bound_log_likelihood(sounds.denoise, x, sigma_min=0.1, sigma_max=9.0, rng=rng, draws=2),
    ):
        assert found.dtype == torch.float32
        assert found.shape == (2,)
        assert not found.requires_grad


@pytest.mark.parametrize(
    "x",
    [
        torch.zeros(0, 2),
        torch.zeros(2, 0),
        torch.zeros(2),
        torch.zeros(2, 2, dtype=torch.int64),
        torch.full((2, 2), math.nan),
    ],
)
def test_bad_data_are_refused(x, rng):
    with pytest.raises(ValueError, match=r"shape \(batch"):
        ode_log_likelihood(POINTS.denoise, x, LADDER)
    with pytest.raises(ValueError, match=r"shape \(batch"):
        bound_log_likelihood(POINTS.denoise, x, sigma_min=0.1, sigma_max=1.0, rng=rng)


@pytest.mark.parametrize(
    "sigmas", [[], [0.0], [1.0, 0.0], [1.0, 2.0], [2.0, 0.0, 1.0], [math.nan, 1.0], [[2.0, 1.0]]]
)
def test_bad_ladders_are_refused(sigmas):
    with pytest.raises(ValueError, match="two noise levels above 0"):
        ode_log_likelihood(POINTS.denoise, torch.zeros(1, 2), torch.tensor(sigmas))


def test_bad_settings_are_refused(rng):
    x = torch.zeros(1, 2, dtype=torch.float64)
    with pytest.raises(ValueError, match="probes"):
        ode_log_likelihood(POINTS.denoise, x, LADDER, rng=rng, probes=0)
    with pytest.raises(TypeError, match="Generator"):
        ode_log_likelihood(POINTS.denoise, x, LADDER, rng=7)
    for low, high in ((0.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (0.1, math.inf)):
        with pytest.raises(ValueError, match="sigma_m"):
            bound_log_likelihood(POINTS.denoise, x, sigma_min=low, sigma_max=high, rng=rng)
    with pytest.raises(ValueError, match="draws"):
        bound_log_likelihood(POINTS.denoise, x, sigma_min=0.1, sigma_max=1.0, rng=rng, draws=0)


# ------------------------------------------------ the bound of a chain of steps


def rngs(count):
    return spawn(np.random.default_rng(3), count)


def test_the_terms_of_the_bound_are_divergences():
    betas, x0 = cosine_betas(12), randn(3, 2)
    terms = bound_terms(bend, x0, betas, noises(rngs(3), (2,), dtype=torch.float64))
    assert terms.shape == (3, 13)
    again, left = noises(rngs(3), (2,), dtype=torch.float64), alpha_bar(betas).tolist()
    for t in range(12):
        a, s = math.sqrt(left[t]), math.sqrt(1 - left[t])
        x_t = a * x0 + s * again()
        truth = posterior(x0, x_t, betas, t)
        model = posterior(denoise_at(bend, x_t, a, s), x_t, betas, t).mean
        if t == 0:
            expected = -Normal(model, betas[0].sqrt()).log_prob(x0)
        else:
            scale = truth.variance.sqrt()[:, None]
            expected = kl_divergence(Normal(truth.mean, scale), Normal(model, scale))
        torch.testing.assert_close(terms[:, t], expected.sum(1), rtol=1e-9, atol=1e-12)
    noisy = Normal(math.sqrt(left[-1]) * x0, math.sqrt(1 - left[-1]))
    prior = kl_divergence(noisy, Normal(torch.zeros(()).double(), torch.ones(()).double()))
    torch.testing.assert_close(terms[:, 12], prior.sum(1), rtol=1e-9, atol=1e-12)


def test_the_bound_lies_below_the_chains_own_density_and_near_it():
    """The density of a chain of three steps is integrated on a grid, matrix by matrix."""
    betas, denoise, x0 = torch.tensor([0.2, 0.4, 0.6]), gaussian(0.5, 0.3), 0.9
    grid = torch.linspace(-8, 8, 801, dtype=torch.float64)[:, None]
    left, width = [1.0, *alpha_bar(betas).tolist()], 16 / 800
    density = Normal(0.0, 1.0).log_prob(grid[:, 0]).exp()  # p(x_3)
    for t in (3, 2, 1):
        a, s = math.sqrt(left[t]), math.sqrt(1 - left[t])
        mean, variance = posterior(denoise_at(denoise, grid, a, s), grid, betas, t - 1)
        scale = (variance if t > 1 else betas[:1].expand(801)).double().sqrt()
        density = width * Normal(mean[:, 0], scale).log_prob(grid).exp() @ density
    truth = float(np.interp(x0, grid[:, 0], density.log()))
    draw = noises(rngs(20_000), (1,), dtype=torch.float64)
    terms = bound_terms(denoise, torch.full((20_000, 1), x0).double(), betas, draw)
    bound = -float(terms.sum(1).mean())
    assert truth - 0.15 < bound < truth - 0.08


def test_the_variational_bound_is_minus_the_sum_of_all_terms():
    x0 = randn(2, 3).float()
    bound = variational_bound(bend, x0, linear_betas(5), noises(rngs(2), (3,)))
    terms = bound_terms(bend, x0, linear_betas(5), noises(rngs(2), (3,)))
    assert bound.kind == "lower bound"
    assert bound.nats == pytest.approx(-float(terms.double().sum()), rel=1e-6)
    assert terms.dtype == torch.float32


@pytest.mark.parametrize(
    ("x0", "error", "message"),
    [
        (torch.full((2, 3), torch.nan), ValueError, "finite numbers in x0"),
        (torch.full((2, 3), torch.inf), ValueError, "finite numbers in x0"),
        (torch.empty(0, 3), ValueError, "not empty"),
        (torch.tensor(0.5), ValueError, r"shape \(batch, ...\)"),
        (torch.ones(2, 3, dtype=torch.int64), TypeError, r"got torch\.int64"),
        (np.ones((2, 3)), TypeError, "got ndarray"),
    ],
)
def test_sounds_that_have_no_bound_are_explained(x0, error, message):
    with pytest.raises(error, match=message):
        variational_bound(bend, x0, linear_betas(3), noises(rngs(2), (3,)))


def test_silence_and_single_samples_have_a_bound():
    for x0 in (torch.zeros(2, 5), torch.ones(1, 1)):
        draw = noises(rngs(len(x0)), x0.shape[1:])
        assert math.isfinite(variational_bound(bend, x0, linear_betas(4), draw).nats)
