"""Diffusion: the way to noise, the posterior on a grid, predictions, losses, bound, guidance."""

import math

import diffusers
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from course_lib.core import spawn
from course_lib.models.diffusion.guidance import guided, pinned
from course_lib.models.diffusion.likelihood import bound_terms, variational_bound
from course_lib.models.diffusion.process import (
    alpha_bar,
    cosine_betas,
    diffuse,
    edm_sigmas,
    flow_scales,
    flow_times,
    linear_betas,
    per_sound,
    posterior,
    sigmas_of,
    vp_scales,
)
from course_lib.models.diffusion.samplers import heun, last, noises
from course_lib.models.diffusion.targets import (
    as_denoiser,
    denoise_at,
    edm_loss,
    noise_from_x0,
    preconditioned,
    preconditioning,
    simple_loss,
    target_of,
    x0_from,
)

KINDS = ["noise", "x0", "velocity", "flow"]
CORNERS = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0]).double()] * 2)
fractions = st.floats(0.01, 0.99)


def randn(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def gaussian(mean, variance):
    """The denoiser of N(mean, variance): a line."""

    def denoise(x, sigma):
        return mean + variance / (variance + per_sound(sigma, x) ** 2) * (x - mean)

    return denoise


# ------------------------------------------------------------------ the way to noise


@given(st.lists(fractions, min_size=1, max_size=30))
def test_many_small_steps_have_the_moments_of_one_large_one(betas):
    """x_t = sqrt(1 - beta) x_{t-1} + sqrt(beta) n, step by step: its mean and variance."""
    mean, variance = 1.0, 0.0
    for beta, left in zip(betas, alpha_bar(torch.tensor(betas)).tolist(), strict=True):
        mean, variance = math.sqrt(1 - beta) * mean, (1 - beta) * variance + beta
        assert mean == pytest.approx(math.sqrt(left), rel=1e-5)
        assert variance == pytest.approx(1 - left, rel=1e-5)


@given(st.floats(-3, 3), fractions, st.integers(0, 99))
def test_noisy_sounds_have_the_moments_of_the_forward_process(x0, left, seed):
    a, s, count = math.sqrt(left), math.sqrt(1 - left), 10_000
    x = diffuse(torch.full((count, 1), x0), a, s, randn(count, 1, seed=seed))
    assert float(x.mean()) == pytest.approx(a * x0, abs=5 * s / math.sqrt(count))
    assert float(x.var()) == pytest.approx(s**2, rel=5 * math.sqrt(2 / count))


def test_each_sound_of_a_batch_may_have_its_own_noise():
    x0, n, scales = randn(3, 2, 4), randn(3, 2, 4, seed=1), torch.tensor([0.1, 0.5, 0.9])
    x = diffuse(x0, 1 - scales, scales, n)
    for i, s in enumerate(scales.tolist()):
        torch.testing.assert_close(x[i], (1 - s) * x0[i] + s * n[i], rtol=0, atol=1e-7)


def test_schedules_are_those_of_diffusers():
    for name, betas in (("linear", linear_betas()), ("squaredcos_cap_v2", cosine_betas())):
        theirs = diffusers.DDPMScheduler(beta_schedule=name, beta_start=1e-4, beta_end=0.02)
        torch.testing.assert_close(betas.float(), theirs.betas, rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(
            alpha_bar(betas).float(), theirs.alphas_cumprod, rtol=1e-5, atol=1e-5
        )
    edm = diffusers.EDMEulerScheduler(sigma_min=0.01, sigma_max=50.0, rho=5.0)
    for steps in (1, 2, 25):
        edm.set_timesteps(steps)
        sigmas = edm_sigmas(steps, sigma_min=0.01, sigma_max=50.0, rho=5.0)
        torch.testing.assert_close(sigmas.float(), edm.sigmas, rtol=1e-5, atol=1e-7)


@given(st.floats(0.001, 100))
def test_scales_belong_to_their_process_and_to_sigma(sigma):
    level = torch.tensor([sigma], dtype=torch.float64)
    for scales, power in ((vp_scales, 2), (flow_scales, 1)):
        a, s = scales(level)
        assert float(a**power + s**power) == pytest.approx(1)
        assert float(s / a) == pytest.approx(sigma)
    left = vp_scales(level)[0] ** 2
    torch.testing.assert_close(sigmas_of(left), level)


def test_times_of_a_flow_fall_evenly_to_zero():
    torch.testing.assert_close(
        flow_times(4, first=0.8), torch.tensor([0.8, 0.6, 0.4, 0.2, 0.0]).double()
    )
    assert flow_times(9)[-1] == 0
    assert 0.99 < flow_times(9)[0] < 1


# --------------------------------------------------------------------- the posterior


@pytest.mark.parametrize("t", [0, 1, 7, 19])
def test_the_posterior_is_bayes_rule_on_a_grid(t):
    """q(x_{t-1} | x_t, x0) is proportional to q(x_t | x_{t-1}) q(x_{t-1} | x0)."""
    betas = linear_betas(20, first=0.01, last=0.3)
    x0, x_t = torch.tensor([[[0.7]], [[-0.4]]], dtype=torch.float64)
    mean, variance = posterior(x0, x_t, betas, t)
    if t == 0:  # one step from the sound: nothing is left to doubt
        assert (float(mean), float(variance)) == (pytest.approx(0.7), pytest.approx(0))
        return
    before = alpha_bar(betas)[t - 1]
    grid = torch.linspace(-8, 8, 20_001, dtype=torch.float64)
    prior = Normal(0.7 * before.sqrt(), (1 - before).sqrt()).log_prob(grid)
    likelihood = Normal((1 - betas[t]).sqrt() * grid, betas[t].sqrt()).log_prob(x_t[0])
    weights = (prior + likelihood).softmax(0)
    assert float(mean) == pytest.approx(float(weights @ grid), abs=1e-9)
    assert float(variance) == pytest.approx(float(weights @ (grid - mean[0]) ** 2), rel=1e-6)


def test_the_posterior_is_the_step_of_diffusers():
    betas = cosine_betas(100)
    scheduler = diffusers.DDPMScheduler(
        100, beta_schedule="squaredcos_cap_v2", prediction_type="sample", clip_sample=False
    )
    scheduler.alphas_cumprod, scheduler.one = alpha_bar(betas), torch.tensor(1.0).double()
    x0, x_t, steps = randn(5, 3), randn(5, 3, seed=1), torch.tensor([0, 1, 40, 98, 99])
    mean, variance = posterior(x0, x_t, betas, steps)
    for i, t in enumerate(steps.tolist()):
        generator = torch.Generator().manual_seed(t)
        step = scheduler.step(x0[[i]], t, x_t[[i]], generator=generator).prev_sample
        z = torch.randn(1, 3, generator=generator.manual_seed(t), dtype=torch.float64) * (t > 0)
        torch.testing.assert_close(mean[[i]] + variance[i].sqrt() * z, step, rtol=0, atol=1e-9)


# ----------------------------------------------------------------------- predictions


@given(st.sampled_from(KINDS), fractions, fractions, st.integers(0, 99))
def test_the_sound_is_recovered_from_every_kind_of_prediction(kind, signal, noise, seed):
    x0, n = randn(2, 3, seed=seed), randn(2, 3, seed=seed + 100)
    a, s = torch.tensor([signal, 0.6]), torch.tensor([noise, 0.8])
    x, u = diffuse(x0, a, s, n), target_of(kind, x0, n, a, s)
    torch.testing.assert_close(x0_from(kind, u, x, a, s), x0, rtol=0, atol=1e-4)
    torch.testing.assert_close(noise_from_x0(x0, x, a, s), n, rtol=0, atol=1e-4)


def test_predictions_are_those_of_diffusers():
    betas, x, u = linear_betas(50), randn(4, 3), randn(4, 3, seed=1)
    left = alpha_bar(betas)[30]
    for kind, theirs in (("noise", "epsilon"), ("x0", "sample"), ("velocity", "v_prediction")):
        scheduler = diffusers.DDIMScheduler(
            50, prediction_type=theirs, clip_sample=False, steps_offset=0
        )
        scheduler.alphas_cumprod = alpha_bar(betas)
        scheduler.set_timesteps(50)
        expected = scheduler.step(u, 30, x).pred_original_sample
        got = x0_from(kind, u, x, float(left.sqrt()), float((1 - left).sqrt()))
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-9)
    n = randn(4, 3, seed=2)
    velocity = target_of("velocity", x, n, float(left.sqrt()), float((1 - left).sqrt()))
    expected = scheduler.get_velocity(x, n, torch.full((4,), 30))
    torch.testing.assert_close(velocity, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_that_predicts_its_target_best_denoises_best(kind):
    """For N(m, c) the best prediction E[u | x] follows from covariances alone."""
    m, c = 0.7, 0.3

    def predict(x, sigma):
        a, s = (per_sound(scale, x) for scale in scales(sigma))
        p, q = {"noise": (0, 1), "x0": (1, 0), "velocity": (-s, a), "flow": (-1, 1)}[kind]
        covariance = p * a * c + q * s  # of u and x
        return p * m + covariance / (a**2 * c + s**2) * (x - a * m)

    scales = flow_scales if kind == "flow" else vp_scales
    x, sigma = 3 * randn(6, 2), torch.tensor([0.01, 0.1, 0.5, 1.0, 5.0, 50.0]).double()
    got = as_denoiser(predict, kind)(x, sigma)
    torch.testing.assert_close(got, gaussian(m, c)(x, sigma), rtol=0, atol=1e-9)
    n, x0 = randn(6, 2, seed=1), m + math.sqrt(c) * randn(6, 2, seed=2)
    a, s = scales(sigma)
    error = predict(diffuse(x0, a, s, n), sigma) - target_of(kind, x0, n, a, s)
    loss = simple_loss(predict, x0, sigma, n, kind)
    assert float(loss) == pytest.approx(float(error.square().mean()), rel=1e-9)


def test_the_simple_loss_is_least_for_the_best_prediction():
    """Over four corners, n = +-1 and x0 = +-1, all second moments are those of Gaussians."""
    x0, n = CORNERS.T[..., None]
    sigma = torch.full((4,), 0.7).double()
    for kind in KINDS:
        a, s = (flow_scales if kind == "flow" else vp_scales)(sigma)
        x, u = diffuse(x0, a, s, n), target_of(kind, x0, n, a, s)
        slope = (x * u).sum() / (x * x).sum()
        losses = [
            simple_loss(lambda x, _, k=slope + d: k * x, x0, sigma, n, kind) for d in (-0.1, 0, 0.1)
        ]
        assert losses[1] < min(losses[0], losses[2])
        best = as_denoiser(lambda x, _, k=slope: k * x, kind)(x, sigma)
        torch.testing.assert_close(best, gaussian(0.0, 1.0)(x, sigma), rtol=0, atol=1e-12)


def test_preconditioning_is_that_of_diffusers():
    scheduler = diffusers.EDMEulerScheduler(sigma_data=0.7)
    sigma, x, out = torch.tensor([0.01, 1.0, 60.0]), randn(3, 2), randn(3, 2, seed=1)
    c = preconditioning(sigma, 0.7)
    for i in range(3):
        s = sigma[i]
        torch.testing.assert_close(c.into[i] * x[i], scheduler.precondition_inputs(x[i], s))
        torch.testing.assert_close(c.noise[i], scheduler.precondition_noise(s))
        network = preconditioned(lambda _, __: out, 0.7)
        expected = scheduler.precondition_outputs(x[i], out[i], s)
        torch.testing.assert_close(network(x, sigma)[i], expected, rtol=1e-5, atol=1e-5)


def test_a_preconditioned_network_sees_scaled_sounds_and_the_logarithm_of_sigma():
    seen = []
    denoise = preconditioned(lambda x, noise: seen.append((x, noise)) or x, 0.5)
    denoise(randn(2, 3), torch.tensor([0.5, 5.0]).double())
    x, noise = seen[0]
    expected = randn(2, 3) / torch.tensor([0.5, 25.25]).double().sqrt()[:, None]
    expected[0] = randn(2, 3)[0] / math.sqrt(0.5)
    torch.testing.assert_close(x, expected)
    torch.testing.assert_close(noise, torch.tensor([math.log(0.5) / 4, math.log(5) / 4]).double())


@given(st.floats(0.01, 50), st.floats(0.1, 3))
def test_a_network_that_outputs_zero_costs_one_at_every_noise_level(sigma, sigma_data):
    """Over the four corners x0 = +-sigma_data, n = +-1 the mean square is that of Gaussians."""
    x0, n = CORNERS.T[..., None]
    denoise = preconditioned(lambda x, _: torch.zeros_like(x), sigma_data)
    loss = edm_loss(denoise, sigma_data * x0, torch.full((4,), sigma).double(), n, sigma_data)
    assert float(loss) == pytest.approx(1, rel=1e-9)


# ------------------------------------------------------------------------- the bound


def bend(x, sigma):
    """A denoiser that is not linear, nor the best for anything."""
    return torch.tanh(x) / (1 + per_sound(sigma, x))


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


def rngs(count):
    return spawn(np.random.default_rng(3), count)


# ------------------------------------------------------------- guidance and inpainting


def test_a_guidance_of_one_is_exactly_no_guidance():
    def never(x, sigma):
        raise AssertionError("the unconditional denoiser was asked")

    assert guided(bend, never, 1) is bend
    assert guided(bend, never, 1.0) is bend


@given(st.floats(-5, 20))
def test_guidance_exaggerates_what_the_condition_changes(scale):
    x, sigma = randn(3, 2), torch.tensor([0.1, 1.0, 10.0]).double()
    free, conditional = bend(x, sigma), gaussian(0.5, 0.3)(x, sigma)
    got = guided(gaussian(0.5, 0.3), bend, scale)(x, sigma)
    torch.testing.assert_close(got, (1 - scale) * free + scale * conditional)


@pytest.mark.parametrize("transform", [False, True])
def test_a_pinned_denoiser_keeps_what_is_known_and_fills_the_gap(transform):
    known, mask = randn(2, 8), torch.ones(8, dtype=torch.bool)
    mask[3:5] = False
    known[:, 3:5] = torch.nan  # what stands in the gap never matters
    turn, _ = torch.linalg.qr(randn(8, 8, seed=1))
    turn = turn if transform else torch.eye(8).double()
    denoise = pinned(bend, known, mask, forward=lambda x: x @ turn, inverse=lambda x: x @ turn.T)
    x, sigma = randn(2, 8, seed=2), torch.tensor([0.5, 2.0]).double()
    sound = denoise(x, sigma) @ turn.T
    torch.testing.assert_close(sound[:, mask], known[:, mask])
    torch.testing.assert_close(sound[:, ~mask], (bend(x, sigma) @ turn.T)[:, ~mask])
    drawn = last(heun(denoise, x, edm_sigmas(10))) @ turn.T
    torch.testing.assert_close(drawn[:, mask], known[:, mask])
    assert drawn[:, ~mask].isfinite().all()


# ------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: linear_betas(0), ValueError, "steps of at least 1, got 0"),
        (lambda: linear_betas(2.5), TypeError, "whole number for steps"),
        (lambda: linear_betas(first=0.0), ValueError, "first strictly between 0 and 1"),
        (lambda: linear_betas(last=1.0), ValueError, "last strictly between 0 and 1"),
        (lambda: cosine_betas(-3), ValueError, "steps of at least 1, got -3"),
        (lambda: cosine_betas(offset=-0.1), ValueError, "offset of 0 or more, got -0.1"),
        (lambda: cosine_betas(largest=1.0), ValueError, "largest strictly between"),
        (lambda: alpha_bar(torch.tensor([0.1, 1.0])), ValueError, "from 0.1 to 1"),
        (lambda: alpha_bar(torch.tensor([0.1, torch.nan])), ValueError, "above 0 and below 1"),
        (lambda: alpha_bar(torch.empty(0)), ValueError, r"shape \(0,\)"),
        (lambda: alpha_bar(torch.full((2, 2), 0.1)), ValueError, r"shape \(2, 2\)"),
        (lambda: sigmas_of(torch.tensor([1.0])), ValueError, "need alpha_bars"),
        (lambda: edm_sigmas(0), ValueError, "steps of at least 1"),
        (lambda: edm_sigmas(5, sigma_min=2, sigma_max=1), ValueError, "between 0 and 1, got 2"),
        (lambda: edm_sigmas(5, sigma_max=math.inf), ValueError, "sigma_max"),
        (lambda: edm_sigmas(5, rho=0), ValueError, "rho"),
        (lambda: flow_times(0), ValueError, "steps of at least 1"),
        (lambda: flow_times(5, first=1), ValueError, "first strictly between 0 and 1"),
        (lambda: preconditioning(torch.ones(1), 0), ValueError, "sigma_data"),
        (lambda: preconditioned(bend, -1), ValueError, "sigma_data"),
        (lambda: as_denoiser(bend, "score"), ValueError, "target out of .*got 'score'"),
        (lambda: guided(bend, bend, math.nan), ValueError, "scale strictly between"),
        (lambda: guided(bend, bend, math.inf), ValueError, "scale strictly between"),
        (lambda: guided(bend, bend, "2"), TypeError, "number for scale, got '2'"),
    ],
)
def test_settings_that_cannot_be_are_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("t", "error", "message"),
    [
        (-1, ValueError, "from 0 to 9, counted from 0, got -1"),
        (10, ValueError, "got 10 to 10"),
        (torch.tensor([0, 3, 12]), ValueError, "got 0 to 12"),
        (torch.tensor([0, 3]), ValueError, r"each of 3 sounds, got shape \(2,\)"),
        (2.0, TypeError, "whole numbers for t"),
        (True, TypeError, "whole numbers for t"),
    ],
)
def test_steps_that_are_none_are_explained(t, error, message):
    with pytest.raises(error, match=message):
        posterior(randn(3, 2), randn(3, 2), linear_betas(10), t)


def test_shapes_that_do_not_go_together_are_explained():
    x, short = randn(3, 4), randn(3, 1)
    ones = torch.ones(3)
    with pytest.raises(ValueError, match=r"n of the shape of x0, \(3, 4\), got \(3, 1\)"):
        diffuse(x, 1.0, 1.0, short)
    with pytest.raises(ValueError, match=r"one for each of 3 sounds, got shape \(2,\)"):
        diffuse(x, torch.ones(2), 1.0, x)
    with pytest.raises(ValueError, match="x_t of the shape of x0"):
        posterior(x, short, linear_betas(10), 0)
    with pytest.raises(ValueError, match="n of the shape of x0"):
        target_of("noise", x, short, 1.0, 1.0)
    with pytest.raises(ValueError, match="target out of"):
        target_of("score", x, x, 1.0, 1.0)
    with pytest.raises(ValueError, match="prediction of the shape of x"):
        x0_from("noise", short, x, 1.0, 1.0)
    with pytest.raises(ValueError, match="x0 of the shape of x"):
        noise_from_x0(short, x, 1.0, 1.0)
    with pytest.raises(ValueError, match="prediction of the shape of x0"):
        simple_loss(lambda x, _: x[:, :1], x, ones, x)
    with pytest.raises(ValueError, match="denoised sound of the shape of x0"):
        edm_loss(lambda x, _: x[:, :1], x, ones, x, 1.0)
    with pytest.raises(ValueError, match="denoised sound of the shape of the noisy one"):
        denoise_at(lambda x, _: x[:, :1], x, 1.0, 1.0)


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


def test_gaps_that_cannot_be_filled_are_explained():
    known, mask = randn(2, 5), torch.ones(5, dtype=torch.bool)
    with pytest.raises(TypeError, match=r"boolean mask.*torch\.float32"):
        pinned(bend, known, torch.ones(5))
    with pytest.raises(ValueError, match=r"shape \(2, 5\), got \(4,\)"):
        pinned(bend, known, mask[:4])
    with pytest.raises(ValueError, match="finite sound where the mask is True"):
        pinned(bend, known * torch.nan, mask)
    with pytest.raises(ValueError, match="denoised sound of the shape of the known one"):
        pinned(bend, known, mask)(randn(2, 6), torch.ones(2))
