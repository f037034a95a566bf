"""Codebooks: the nearest code, the gradient through it, and codes that come back to life."""

import numpy as np
import pytest
import scipy.cluster.vq
import torch

from course_lib.models.latent.quantise import (
    VectorQuantiser,
    nearest_codes,
    perplexity,
    straight_through,
)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_the_nearest_code_is_scipys():
    rng = np.random.default_rng(1)
    h, book = rng.standard_normal((200, 5)), rng.standard_normal((17, 5))
    ours = nearest_codes(torch.from_numpy(h), torch.from_numpy(book)).numpy()
    assert np.array_equal(ours, scipy.cluster.vq.vq(h, book)[0])


def test_of_equal_codes_the_first_is_taken():
    assert nearest_codes(torch.zeros(1, 2), torch.ones(3, 2)).tolist() == [0]


def test_the_gradient_passes_as_if_nothing_had_been_rounded():
    h = torch.tensor([0.2, 0.9], requires_grad=True)
    rounded = straight_through(h, torch.tensor([0.0, 1.0]))
    assert rounded.tolist() == [0.0, 1.0]
    (rounded * torch.tensor([3.0, -5.0])).sum().backward()
    assert h.grad.tolist() == [3.0, -5.0]


def test_perplexity_counts_the_codes_in_use():
    assert perplexity(np.zeros(9, int), 4) == pytest.approx(1)
    assert perplexity(np.arange(8), 8) == pytest.approx(8)
    assert perplexity(np.array([0, 0, 0, 1]), 8) == pytest.approx(np.exp(0.5623351), abs=1e-6)


@pytest.mark.parametrize("codes", [np.array([], int), np.array([4]), np.array([-1])])
def test_codes_out_of_range_have_no_perplexity(codes):
    with pytest.raises(ValueError, match="codes from 0 to 3"):
        perplexity(codes, 4)


def trained(dead: float) -> tuple[VectorQuantiser, torch.Tensor]:
    """Return a codebook of 16 after 60 batches of 8 clusters far from where it began."""
    torch.manual_seed(3)
    middles = 10 + 3 * torch.randn(8, 4)
    quantiser = VectorQuantiser(16, 4, decay=0.9, dead=dead)
    dice = generator()
    for _ in range(60):
        which = torch.randint(8, (64,), generator=dice)
        h = middles[which] + 0.1 * torch.randn(64, 4, generator=dice)
        quantiser(h, dice)
    quantiser.eval()
    return quantiser, h


def test_dead_codes_are_revived_and_without_that_they_stay_dead():
    alive, h = trained(dead=0.1)
    assert perplexity(alive(h).codes, 16) > 6
    assert float(alive(h).commitment) < 0.05
    left, h = trained(dead=0.0)
    assert perplexity(left(h).codes, 16) < 4
    assert float(left(h).commitment) > 10 * float(alive(h).commitment)


def test_nothing_is_learned_outside_training():
    quantiser = VectorQuantiser(4, 2).eval()
    before = quantiser.codebook.clone()
    quantiser(torch.randn(9, 2), generator())
    assert torch.equal(quantiser.codebook, before)


def test_a_code_becomes_the_mean_of_what_chose_it():
    quantiser = VectorQuantiser(1, 2, decay=0.0)
    h = torch.randn(50, 2, generator=generator())
    quantiser(h, generator())
    assert torch.allclose(quantiser.codebook[0], h.mean(0), atol=1e-5)


def test_the_commitment_pulls_the_vectors_alone():
    quantiser = VectorQuantiser(2, 1).eval()
    quantiser.codebook.copy_(torch.tensor([[0.0], [1.0]]))
    h = torch.tensor([[0.4]], requires_grad=True)
    found = quantiser(h)
    found.commitment.backward()
    assert float(found.commitment.detach()) == pytest.approx(0.16)
    assert float(h.grad) == pytest.approx(0.8)


def test_settings_out_of_range_are_refused():
    for settings in ({"count": 0}, {"width": 0}, {"decay": 1.0}, {"dead": -0.1}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            VectorQuantiser(**({"count": 2, "width": 2} | settings))
