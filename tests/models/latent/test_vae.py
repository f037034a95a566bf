"""The ELBO against likelihoods that are known, and a variational autoencoder of hits."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from torch.distributions import Normal, kl_divergence

from course_lib.core import LabelledBatch
from course_lib.models.latent.tables import TableConfig
from course_lib.models.latent.vae import (
    VAE,
    Gaussian,
    SoundVAE,
    SoundVAEConfig,
    importance_weighted_bound,
)

TABLE = TableConfig(length=4096, frames=16, window_length=512, hop_length=256, bands=16)
CONFIG = SoundVAEConfig(("kick", "snare"), TABLE, channels=(8, 8, 8, 16), latents=3, warmup=4)


def test_gaussians_are_those_of_torch():
    torch.manual_seed(1)
    ours, other = (Gaussian(torch.randn(5, 3), torch.randn(5, 3)) for _ in range(2))
    theirs = [Normal(g.mean, torch.exp(g.log_variance / 2)) for g in (ours, other)]
    x = torch.randn(5, 3)
    assert torch.allclose(ours.log_density(x), theirs[0].log_prob(x).sum(-1), atol=1e-5)
    wanted = kl_divergence(*theirs).sum(-1)
    assert torch.allclose(ours.divergence(other), wanted, atol=1e-4)
    assert torch.allclose(ours.at(x), theirs[0].mean + theirs[0].stddev * x)


def linear_vae(perfect: bool) -> tuple[VAE, torch.Tensor, np.ndarray]:
    """Return a VAE whose decoder is linear, data, and the exact ln p(x) of each.

    x = W z + sigma n, so that x ~ N(0, W W' + sigma^2), and q is exact where W has orthogonal
    columns: mean W'x / (W'W + sigma^2), variance sigma^2 / (W'W + sigma^2).
    """
    torch.manual_seed(2)
    orthogonal, _ = torch.linalg.qr(torch.randn(6, 2))
    weights, sigma = orthogonal * torch.tensor([2.0, 0.7]), 0.5
    encoder, decoder = torch.nn.Linear(6, 4), torch.nn.Linear(2, 6)
    power = weights.square().sum(0)
    with torch.no_grad():
        decoder.weight.copy_(weights)
        decoder.bias.zero_()
        encoder.weight.zero_()
        encoder.weight[:2] = (weights / (power + sigma**2)).T * (1.0 if perfect else 0.8)
        encoder.bias[:2] = 0
        encoder.bias[2:] = torch.log(sigma**2 / (power + sigma**2))
    vae = VAE(encoder, decoder, 2)
    with torch.no_grad():
        vae.scale_bias.fill_(math.log(sigma))
    x = torch.randn(40, 2) @ weights.T + sigma * torch.randn(40, 6)
    covariance = (weights @ weights.T + sigma**2 * torch.eye(6)).numpy()
    return vae, x, scipy.stats.multivariate_normal(np.zeros(6), covariance).logpdf(x.numpy())


def drawn_bounds(vae, x, draws):
    noise = torch.randn(draws, len(x), 2, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        return vae.log_weights(x, noise, torch.zeros(len(x), dtype=torch.long))


def test_the_bound_is_the_likelihood_where_the_posterior_is_exact():
    vae, x, exact = linear_vae(perfect=True)
    assert np.allclose(drawn_bounds(vae, x, 5).numpy(), exact, atol=1e-3)  # at every draw


def test_the_elbo_lies_below_the_likelihood_and_importance_weights_close_the_gap():
    vae, x, exact = linear_vae(perfect=False)
    weights = drawn_bounds(vae, x, 2000)
    elbo = weights.mean(0).numpy()
    # an independent form: ln p(x) - KL(q || true posterior), whose means differ by a fifth
    gap = exact - elbo
    assert (gap > -0.01).all()
    assert gap.mean() > 0.1
    few, many = (importance_weighted_bound(weights[:k]).numpy().mean() for k in (10, 2000))
    assert elbo.mean() < few < many < exact.mean() + 0.02
    assert exact.mean() - many < 0.1 * gap.mean()


def test_the_two_terms_make_the_elbo():
    vae, x, _ = linear_vae(perfect=False)
    noise = torch.randn(4000, 40, 2, generator=torch.Generator().manual_seed(5))
    label = torch.zeros(40, dtype=torch.long)
    with torch.no_grad():
        terms = [vae.bound(x, each, label) for each in noise]
    by_terms = torch.stack([each.elbo for each in terms]).mean()
    by_weights = drawn_bounds(vae, x, 4000).mean()
    assert float(by_terms) == pytest.approx(float(by_weights), abs=0.02)
    assert (terms[0].divergence >= 0).all()


def test_a_prior_of_classes_is_a_mixture_whose_parts_are_known():
    vae = VAE(torch.nn.Linear(6, 4), torch.nn.Linear(2, 6), 2, classes=2)
    with torch.no_grad():
        vae.prior_mean[1] = 3.0
    assert vae.prior(torch.tensor([1])).mean.tolist() == [[3.0, 3.0]]
    assert not VAE(torch.nn.Linear(6, 4), torch.nn.Linear(2, 6), 2).prior_mean.requires_grad


# ------------------------------------------------------------------ of hits


def batch(seed: int = 1) -> LabelledBatch:
    sounds = 0.1 * torch.randn(4, 4096, generator=torch.Generator().manual_seed(1))
    return LabelledBatch(sounds, torch.tensor([0, 1, 0, 1]), seed)


def test_it_learns_and_the_divergence_comes_in_step_by_step():
    network = SoundVAE(CONFIG, seed=1)
    network.eval()
    whole = float(network.loss(batch())[0].detach())
    network.train()
    first = float(network.loss(batch())[0].detach())
    assert first < whole  # no divergence at all in the first step
    assert float(network.steps) == 1
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for i in range(30):
        optimiser.zero_grad()
        network.loss(batch(i))[0].backward()
        optimiser.step()
    network.eval()
    assert float(network.loss(batch())[0].detach()) < whole


def test_drawn_hits_do_not_depend_on_how_many_are_drawn():
    network = SoundVAE(CONFIG, seed=1).eval()
    two = network.sample(1000, count=2, rng=np.random.default_rng(1), label="snare")
    three = network.sample(1000, count=3, rng=np.random.default_rng(1), label="snare")
    assert two.shape == (2, 1000)
    assert np.allclose(two, three[:2])
    assert np.abs(three).max() <= 1
    assert network.sample(count=1, rng=np.random.default_rng(1)).shape == (1, 4096)


def test_more_draws_give_a_higher_bound():
    network = SoundVAE(CONFIG, seed=1).eval()
    sound = batch().sounds[0].numpy()
    bounds = [
        np.mean(
            [
                network.table_log_likelihood(
                    sound, "kick", rng=np.random.default_rng(i), draws=draws
                ).nats
                for i in range(5)
            ]
        )
        for draws in (1, 50)
    ]
    assert bounds[0] < bounds[1]
    score = network.table_log_likelihood(sound, "kick", rng=np.random.default_rng(1))
    assert score.kind == "lower bound"


def test_latents_go_to_tables_and_sounds():
    network = SoundVAE(CONFIG, seed=1).eval()
    z = network.encode(np.zeros(100))
    assert z.shape == (3,)
    assert network.decode(z).shape == (1, 16, 16)
    assert network.render(np.stack([z, z]), rng=np.random.default_rng(1)).shape == (2, 4096)
    assert network.means("kick").tolist() == [0.0, 0.0, 0.0]


def test_bad_input_is_refused():
    network = SoundVAE(CONFIG, seed=1)
    with pytest.raises(ValueError, match="labels from 0 to 1"):
        network.loss(LabelledBatch(torch.zeros(1, 4096), torch.tensor([2])))
    with pytest.raises(ValueError, match="3 latents a sound"):
        network.decode(np.zeros(4))
    with pytest.raises(ValueError, match="no class is called"):
        network.sample(rng=np.random.default_rng(1), label="gong")
    with pytest.raises(ValueError, match="finite"):
        network.encode(np.array([np.nan]))
    with pytest.raises(ValueError, match="draws"):
        network.table_log_likelihood(np.zeros(9), "kick", rng=np.random.default_rng(1), draws=0)


@pytest.mark.parametrize(
    "settings", [{"channels": (8, 8)}, {"channels": (8, 8, 8, 9)}, {"latents": 0}, {"warmup": -1}]
)
def test_configurations_that_will_not_do_are_refused(settings):
    with pytest.raises(ValueError, match="need"):
        SoundVAEConfig(("kick",), **settings)
