"""An autoencoder of hits in codes, and the prior that writes new ones."""

import itertools

import numpy as np
import pytest
import torch

from course_lib.core import LabelledBatch
from course_lib.models.latent.convolutions import check_channels, growing, shrinking
from course_lib.models.latent.tables import TableConfig
from course_lib.models.latent.vqvae import CodePrior, SoundVQVAE, SoundVQVAEConfig, checked_codes

TABLE = TableConfig(length=4096, frames=16, window_length=512, hop_length=256, bands=16)
CONFIG = SoundVQVAEConfig(("kick", "snare"), TABLE, channels=(8, 8), codes=8, width=4, units=8)


def batch(seed: int = 1) -> LabelledBatch:
    level = torch.tensor([0.3, 0.01, 0.1, 0.03])[:, None]
    sounds = level * torch.randn(4, 4096, generator=torch.Generator().manual_seed(1))
    return LabelledBatch(sounds.clamp(-1, 1), torch.tensor([0, 1, 0, 1]), seed)


def test_the_convolutions_halve_and_double_the_table():
    x = torch.randn(2, 1, 16, 32)
    small = shrinking((8, 16))(x)
    assert small.shape == (2, 16, 4, 8)
    assert growing((8, 16))(small).shape == x.shape
    with pytest.raises(ValueError, match="multiples of 8"):
        check_channels((8, 12))


def test_the_prior_is_a_probability_and_draws_what_it_says():
    torch.manual_seed(1)
    prior = CodePrior(3, 3, 8, 2)
    every = torch.tensor(list(itertools.product(range(3), repeat=3)))
    label = torch.ones(len(every), dtype=torch.long)
    with torch.no_grad():
        each = prior(every, label).log_softmax(-1).gather(-1, every[..., None])[..., 0].sum(1)
        assert float(each.exp().sum()) == pytest.approx(1, abs=1e-5)
    rngs = np.random.default_rng(1).spawn(3000)
    drawn = prior.draw(1, rngs)
    share = torch.bincount(drawn @ torch.tensor([9, 3, 1]), minlength=27) / 3000
    assert float((share - each.exp()).abs().max()) < 0.03  # 3 standard errors of the likeliest


def test_a_code_does_not_depend_on_those_after_it():
    torch.manual_seed(1)
    prior = CodePrior(5, 6, 8, 2)
    codes = torch.randint(5, (1, 6))
    other = codes.clone()
    other[0, 3] = (other[0, 3] + 1) % 5
    with torch.no_grad():
        a, b = (prior(each, torch.tensor([0])) for each in (codes, other))
    assert torch.equal(a[0, :4], b[0, :4])
    assert not torch.equal(a[0, 4:], b[0, 4:])


def test_it_learns():
    network = SoundVQVAE(CONFIG, seed=1)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for i in range(60):
        optimiser.zero_grad()
        loss, _ = network.loss(batch(i))
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])
    assert network.encoder[1].weight.grad.abs().sum() > 0  # through the rounding


def test_codes_go_there_and_back():
    network = SoundVQVAE(CONFIG, seed=1).eval()
    codes = network.encode(np.zeros(100))
    assert codes.shape == (4, 4)
    assert network.decode(codes[None]).shape == (1, 16, 16)
    assert network.bits == 48


def test_drawn_hits_do_not_depend_on_how_many_are_drawn():
    network = SoundVQVAE(CONFIG, seed=1).eval()
    two = network.sample(1000, count=2, rng=np.random.default_rng(1), label="snare")
    three = network.sample(1000, count=3, rng=np.random.default_rng(1), label="snare")
    assert two.shape == (2, 1000)
    assert np.allclose(two, three[:2])
    assert network.sample(rng=np.random.default_rng(1)).shape == (1, 4096)


def test_bad_input_is_refused():
    network = SoundVQVAE(CONFIG, seed=1)
    with pytest.raises(ValueError, match="labels from 0 to 1"):
        network.loss(LabelledBatch(torch.zeros(1, 4096), torch.tensor([-1])))
    with pytest.raises(TypeError, match="whole numbers"):
        network.decode(np.zeros((1, 4, 4)))
    with pytest.raises(ValueError, match="shape any x 4 x 4"):
        network.decode(np.zeros((4, 4), int))
    with pytest.raises(ValueError, match="codes from 0 to 7"):
        network.decode(np.full((1, 4, 4), 8))
    with pytest.raises(ValueError, match="no class"):
        network.sample(rng=np.random.default_rng(1), label="gong")
    with pytest.raises(ValueError, match="one or more codes"):
        checked_codes(np.zeros((0, 4), int), 4, (None, 4))
    with pytest.raises(ValueError, match="codes"):
        SoundVQVAEConfig(("kick",), codes=0)
