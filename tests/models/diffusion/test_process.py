"""Diffusion: the way to noise and the posterior on a grid."""

import math

import diffusers
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lines import randn
from torch.distributions import Normal

from course_lib.models.diffusion.process import (
    alpha_bar,
    cosine_betas,
    diffuse,
    edm_sigmas,
    flow_scales,
    flow_times,
    linear_betas,
    posterior,
    sigmas_of,
    vp_scales,
)

fractions = st.floats(0.01, 0.99)


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
    with pytest.raises(ValueError, match=r"n of the shape of x0, \(3, 4\), got \(3, 1\)"):
        diffuse(x, 1.0, 1.0, short)
    with pytest.raises(ValueError, match=r"one for each of 3 sounds, got shape \(2,\)"):
        diffuse(x, torch.ones(2), 1.0, x)
    with pytest.raises(ValueError, match="x_t of the shape of x0"):
        posterior(x, short, linear_betas(10), 0)
