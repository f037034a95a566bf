"""Mixtures of logistics: 65,536 probabilities that sum to one, and draws that follow them."""

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.features.quantise import LinearQuantiser, MuLaw
from course_lib.models.waveform import logistic_mixture
from course_lib.models.waveform.logistic_mixture import LEAST_LOG_SCALE, STEP

TOP = 2**16 - 1
ALL = torch.arange(TOP + 1)


def parameters(rng, components, *, shape=(), means=1.0):
    """Random mixtures, from a quarter of a level wide to as wide as everything."""
    logits = 2 * rng.standard_normal((*shape, components))
    mean = means * rng.uniform(-1, 1, (*shape, components))
    log_scale = rng.uniform(-12, 0, (*shape, components))
    return torch.from_numpy(np.concatenate([logits, mean, log_scale], axis=-1))


def probabilities(mixture):
    """P of every level under one mixture."""
    return logistic_mixture.log_probability(mixture.expand(len(ALL), -1), ALL).exp()


@given(st.integers(1, 10), st.sampled_from([0.1, 1.0, 3.0]), st.integers(0, 99))
def test_the_levels_share_out_a_probability_of_one(components, means, seed):
    mixture = parameters(np.random.default_rng(seed), components, means=means)
    assert float(probabilities(mixture).sum()) == pytest.approx(1, abs=1e-11)


@pytest.mark.parametrize("log_scale", [-20.0, LEAST_LOG_SCALE, -6.0, 0.0, 5.0])
@pytest.mark.parametrize("mean", [-1.0, -1.5, 0.0, 0.3, 1.0, 40.0])
def test_they_do_so_at_the_ends_and_for_extreme_scales(mean, log_scale):
    mixture = torch.tensor([0.0, mean, log_scale], dtype=torch.float64)
    assert float(probabilities(mixture).sum()) == pytest.approx(1, abs=1e-11)


@pytest.mark.parametrize("encoding", [MuLaw(256), MuLaw(16), LinearQuantiser(8)])
def test_any_grid_will_do(encoding, rng):
    """Golden: scipy's logistic law again, between the edges of another quantiser."""
    mixture, codes = parameters(rng, 4), torch.arange(encoding.levels)
    edges = encoding.edges()
    got = logistic_mixture.log_probability(
        mixture.expand(encoding.levels, -1), codes, torch.from_numpy(edges)
    ).exp()
    laws = scipy.stats.logistic(mixture[4:8].numpy(), mixture[8:].exp().numpy())
    edges[[0, -1]] = -np.inf, np.inf
    expected = np.diff(laws.cdf(edges[:, None]), axis=0) @ torch.softmax(mixture[:4], 0).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-13)
    assert float(got.sum()) == pytest.approx(1, abs=1e-11)
    uniforms = torch.from_numpy(rng.random((20_000, 2)))
    drawn = logistic_mixture.draw(
        mixture.expand(20_000, -1), uniforms, 1.0, torch.from_numpy(encoding.edges())
    )
    often = expected * 20_000 > 5
    observed = np.bincount(drawn, minlength=encoding.levels)
    share = expected[often] / expected[often].sum() * observed[often].sum()
    assert scipy.stats.chisquare(observed[often], share).pvalue > 1e-3


def test_single_precision_is_enough(rng):
    mixture = parameters(rng, 8)
    fine, coarse = probabilities(mixture), probabilities(mixture.float())
    assert float(coarse.sum()) == pytest.approx(1, abs=2e-3)
    assert float((fine - coarse).abs().sum()) < 2e-3


def test_each_probability_is_a_difference_of_distribution_functions(rng):
    """Golden: scipy's logistic law, between the edges of the level's bin."""
    mixture = parameters(rng, 4)
    weights = torch.softmax(mixture[:4], 0).numpy()
    laws = scipy.stats.logistic(mixture[4:8].numpy(), mixture[8:].exp().numpy())
    centres = LinearQuantiser(16).decode(np.arange(TOP + 1))
    low, high = centres - STEP / 2, centres + STEP / 2
    low[0], high[-1] = -np.inf, np.inf
    expected = (laws.cdf(high[:, None]) - laws.cdf(low[:, None])) @ weights
    np.testing.assert_allclose(probabilities(mixture).numpy(), expected, rtol=1e-6, atol=1e-13)


def test_far_tails_neither_vanish_nor_lose_their_gradient():
    """A difference of distribution functions, taken as it stands, would be log 0 here."""
    mixture = torch.tensor([0.0, 0.5, -9.0], requires_grad=True)
    far = logistic_mixture.log_probability(mixture, torch.tensor(100))
    far.backward()
    distance = (0.5 - (100 * STEP - 1)) * np.exp(9)
    assert far.item() == pytest.approx(-distance, rel=1e-3)
    assert mixture.grad is not None
    assert float(mixture.grad[1]) == pytest.approx(-np.exp(9), rel=1e-3)


def test_gradients_are_those_of_the_probability(rng):
    mixture = parameters(rng, 3, shape=(5,)).requires_grad_()
    codes = torch.tensor([0, 1, 30_000, TOP - 1, TOP])
    assert torch.autograd.gradcheck(
        lambda p: logistic_mixture.log_probability(p, codes), mixture, eps=1e-7, rtol=1e-3
    )


@pytest.mark.parametrize("log_scale", [-9.5, -4.0, 0.0])
def test_draws_follow_the_probabilities_they_are_scored_with(rng, log_scale):
    """A chi-squared test over sixteen ranges of levels; wide laws pile up in the outermost."""
    mixture = torch.tensor([1.0, 0.0, -0.2, 0.3, log_scale, log_scale - 1], dtype=torch.float64)
    uniforms = torch.from_numpy(rng.random((20_000, 2)))
    codes = logistic_mixture.draw(mixture.expand(20_000, -1), uniforms).numpy()
    total = probabilities(mixture).numpy().cumsum()
    edges = np.searchsorted(total, np.arange(1, 16) / 16)
    observed = np.bincount(np.searchsorted(edges, codes), minlength=16)
    expected = 20_000 * np.diff(np.concatenate([[0], total[edges], [1]]))
    kept = expected > 5
    assert kept.sum() >= 3
    assert scipy.stats.chisquare(observed[kept], expected[kept], sum_check=False).pvalue > 1e-3


def test_temperature_zero_takes_the_mean_of_the_likeliest_component(rng):
    mixture = torch.tensor([0.0, 1.0, 0.5, -0.5, 0.25, 0.75, -3.0, -3.0, -3.0])
    uniforms = torch.from_numpy(rng.random((50, 2)))
    codes = logistic_mixture.draw(mixture.expand(50, -1), uniforms, 0.0)
    assert (codes == round((0.25 + 1) / STEP)).all()


def test_temperature_bears_on_the_weights_and_on_the_scales():
    """At temperature T weights go as pi^(1/T), and amplitudes lie T times as far from the mean."""
    mixture = torch.tensor([0.0, np.log(3), -0.5, 0.5, -4.0, -4.0], dtype=torch.float64)
    for temperature in (0.5, 1.0, 2.0):
        share = 1 / (1 + 3 ** (1 / temperature))
        for u, mean in ((share - 1e-6, -0.5), (share + 1e-6, 0.5)):
            uniforms = torch.tensor([u, 0.9], dtype=torch.float64)
            code = int(logistic_mixture.draw(mixture, uniforms, temperature))
            expected = mean + temperature * np.exp(-4) * np.log(9)
            assert code == round((expected + 1) / STEP)


@pytest.mark.parametrize("uniforms", [(0.0, 0.0), (1 - 1e-16, 1 - 1e-16)])
def test_the_ends_of_the_uniform_numbers_give_levels_too(uniforms):
    mixture = torch.tensor([0.0, 0.0, -0.9, 0.9, 0.0, 0.0])
    code = logistic_mixture.draw(mixture, torch.tensor(uniforms, dtype=torch.float64))
    assert int(code) == (0 if uniforms[0] == 0 else TOP)


def test_what_is_no_mixture_is_explained():
    with pytest.raises(ValueError, match="3 parameters a component, got 7"):
        logistic_mixture.log_probability(torch.zeros(7), torch.tensor(3))
    for code in (-1, TOP + 1):
        with pytest.raises(ValueError, match=rf"codes from 0 to 65535, got {code} to {code}"):
            logistic_mixture.log_probability(torch.zeros(6), torch.tensor(code))


def test_draws_are_by_default_of_temperature_one():
    mixture = parameters(np.random.default_rng(4), 3, shape=(200,))
    uniforms = torch.from_numpy(np.random.default_rng(5).random((200, 2)))
    expected = logistic_mixture.draw(mixture, uniforms, 1.0)
    assert torch.equal(logistic_mixture.draw(mixture, uniforms), expected)
    assert not torch.equal(logistic_mixture.draw(mixture, uniforms, 0.9), expected)


def test_choices_are_by_default_of_temperature_one():
    logits = torch.from_numpy(np.random.default_rng(6).standard_normal((500, 4)))
    uniforms = torch.from_numpy(np.random.default_rng(7).random(500))
    expected = logistic_mixture.choose(logits, uniforms, 1.0)
    assert torch.equal(logistic_mixture.choose(logits, uniforms), expected)
    assert not torch.equal(logistic_mixture.choose(logits, uniforms, 0.9), expected)
