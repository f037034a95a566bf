"""What a network may predict, what its loss is, and how it becomes a denoiser."""

import math

import diffusers
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lines import bend, gaussian, randn

from course_lib.models.diffusion.process import (
    alpha_bar,
    diffuse,
    flow_scales,
    linear_betas,
    per_sound,
    vp_scales,
)
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


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: preconditioning(torch.ones(1), 0), ValueError, "sigma_data"),
        (lambda: preconditioned(bend, -1), ValueError, "sigma_data"),
        (lambda: as_denoiser(bend, "score"), ValueError, "target out of .*got 'score'"),
    ],
)
def test_settings_that_cannot_be_are_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_shapes_that_do_not_go_together_are_explained():
    x, short, ones = randn(3, 4), randn(3, 1), torch.ones(3)
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
