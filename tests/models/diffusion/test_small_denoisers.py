"""The small denoiser: it learns what is known, the same each time, and refuses what it cannot."""

from typing import get_args

import numpy as np
import pytest
import torch

from course_lib.models.diffusion.known_denoisers import GaussianProcess, MixtureDenoiser
from course_lib.models.diffusion.small_denoisers import (
    SmallDenoiser,
    SmallDenoiserConfig,
    fresh_batches,
)
from course_lib.models.diffusion.targets import Target
from course_lib.models.linear.ar import AR
from course_lib.training import Schedule, training_steps

PROCESS = GaussianProcess.from_ar(AR(np.array([0.9]), 0.19), 4)


def trained(predicts, steps=250):
    torch.set_num_threads(1)
    config = SmallDenoiserConfig(4, 32, predicts=predicts, sigma_min=0.1, sigma_max=5)
    network = SmallDenoiser(config, seed=3)
    schedule = Schedule(steps, 1e-2, warmup=20)
    for _ in training_steps(network, fresh_batches(PROCESS, size=128, seed=4), schedule):
        pass
    return network


@pytest.mark.parametrize("predicts", get_args(Target))
def test_whatever_it_predicts_it_comes_near_the_best_denoiser(predicts, rng):
    network = trained(predicts)
    clean = PROCESS.sample(4000, rng=rng).float()
    sigma = torch.full((4000,), 0.8)
    noisy = clean + sigma[:, None] * torch.from_numpy(rng.standard_normal((4000, 4))).float()
    with torch.no_grad():
        error = (network.denoise(noisy, sigma) - clean).square().mean()
    least = PROCESS.least_error(sigma[:1]).item()
    nothing = 0.8**2
    assert 0.97 * least < error < 1.12 * least < 0.5 * nothing


def test_its_prediction_heeds_the_noise_level():
    network, x = trained("velocity", steps=30), torch.ones(2, 4)
    quiet, loud = network(x, torch.tensor([0.1, 5.0])).detach()
    assert (quiet - loud).abs().max() > 0.01


def test_the_same_seed_trains_to_the_same_weights():
    torch.manual_seed(1)
    first = trained("velocity", steps=30).state_dict()
    torch.manual_seed(2)
    again = trained("velocity", steps=30).state_dict()
    for name, value in first.items():
        torch.testing.assert_close(value, again[name], rtol=0, atol=0)


def test_making_one_leaves_torchs_own_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    networks = [SmallDenoiser(SmallDenoiserConfig(2), seed=seed) for seed in (0, 1)]
    torch.testing.assert_close(torch.rand(3), expected)
    assert not torch.equal(networks[0].first.weight, networks[1].first.weight)


def test_batches_depend_on_seed_and_step_alone():
    batches = fresh_batches(PROCESS, size=6, seed=1)
    later, first = batches(9), batches(0)
    assert first.sounds.shape == (6, 4)
    assert first.sounds.dtype == torch.float32
    torch.testing.assert_close(first.sounds, fresh_batches(PROCESS, size=6, seed=1)(0).sounds)
    assert not torch.equal(first.sounds, later.sounds)
    assert not torch.equal(first.sounds, fresh_batches(PROCESS, size=6, seed=2)(0).sounds)
    assert first.seed != later.seed


def test_the_noise_of_a_loss_comes_from_the_batchs_seed():
    network, batches = (
        SmallDenoiser(SmallDenoiserConfig(4), seed=0),
        fresh_batches(PROCESS, size=6, seed=1),
    )
    one, again, other = (network.loss(batch)[0].item() for batch in map(batches, (0, 0, 1)))
    assert one == again != other


def test_it_takes_points_as_well(rng):
    points = MixtureDenoiser([1, 1], [[-1.0, 0.0], [1.0, 0.0]], [0.1, 0.1])
    loss, carry = SmallDenoiser(SmallDenoiserConfig(2), seed=0).loss(
        fresh_batches(points, size=3, seed=0)(0)
    )
    assert carry is None
    assert loss.isfinite()


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"dims": 0}, ValueError),
        ({"dims": 2.0}, TypeError),
        ({"dims": 2, "width": 0}, ValueError),
        ({"dims": 2, "depth": 0}, ValueError),
        ({"dims": 2, "predicts": "score"}, ValueError),
        ({"dims": 2, "sigma_min": 0.0}, ValueError),
        ({"dims": 2, "sigma_min": 3.0, "sigma_max": 2.0}, ValueError),
    ],
)
def test_bad_configurations_are_refused(settings, error):
    with pytest.raises(error, match="need"):
        SmallDenoiserConfig(**settings)


def test_bad_input_is_refused():
    network = SmallDenoiser(SmallDenoiserConfig(4), seed=0)
    for x, sigma in (
        (torch.zeros(4), torch.ones(4)),
        (torch.zeros(2, 3), torch.ones(2)),
        (torch.zeros(2, 4), torch.ones(3)),
        (torch.zeros(2, 4), torch.tensor(1.0)),
    ):
        with pytest.raises(ValueError, match=r"shape \(batch, 4\)"):
            network.denoise(x, sigma)
    with pytest.raises(ValueError, match="seed"):
        SmallDenoiser(SmallDenoiserConfig(4), seed=-1)
    with pytest.raises(ValueError, match="size"):
        fresh_batches(PROCESS, size=0, seed=0)
    with pytest.raises(ValueError, match="seed"):
        fresh_batches(PROCESS, size=1, seed=-1)
