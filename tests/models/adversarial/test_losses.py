"""The four games against their formulas by hand, penalties on critics of known slope, and D*."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import trapezoid

from course_lib.models.adversarial.losses import (
    GAMES,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    optimal_discriminator,
    r1_penalty,
    slopes,
)

REAL, MADE = torch.tensor([0.5, 3.0]), torch.tensor([-0.2, 1.5])


def logistic(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def by_hand(game: str) -> tuple[float, float]:
    """Return the discriminator's and the generator's loss, as the papers write them."""
    real, made = REAL.tolist(), MADE.tolist()
    if game == "hinge":
        judged = sum(max(0, 1 - a) for a in real) / 2 + sum(max(0, 1 + b) for b in made) / 2
    elif game == "wasserstein":
        judged = sum(made) / 2 - sum(real) / 2
    else:
        judged = -sum(math.log(logistic(a)) for a in real) / 2
        judged -= sum(math.log(1 - logistic(b)) for b in made) / 2
    if game == "minimax":
        return judged, sum(math.log(1 - logistic(b)) for b in made) / 2
    if game == "non-saturating":
        return judged, -sum(math.log(logistic(b)) for b in made) / 2
    return judged, -sum(made) / 2


@pytest.mark.parametrize("game", GAMES)
def test_losses_are_the_papers(game):
    judged, wanted = by_hand(game)
    assert float(discriminator_loss(REAL, MADE, game)) == pytest.approx(judged, rel=1e-6)
    assert float(generator_loss(MADE, game)) == pytest.approx(wanted, rel=1e-6)


def test_logits_far_out_do_not_overflow():
    far = torch.tensor([-1000.0, 1000.0])
    for game in GAMES:
        assert torch.isfinite(discriminator_loss(far, far, game))
        assert torch.isfinite(generator_loss(far, game))


def test_minimax_is_flat_where_the_discriminator_is_sure_and_the_other_is_steep():
    """The slopes at a logit a are -s(a) and s(a) - 1: near 0 and -1 for a far below zero."""
    for a in (-6.0, 0.0, 2.0):
        logit = torch.tensor([a], requires_grad=True)
        (flat,) = torch.autograd.grad(generator_loss(logit, "minimax"), logit)
        (steep,) = torch.autograd.grad(generator_loss(logit, "non-saturating"), logit)
        assert float(flat) == pytest.approx(-logistic(a), rel=1e-5)
        assert float(steep) == pytest.approx(logistic(a) - 1, rel=1e-5)


@pytest.mark.parametrize("game", ["Minimax", "lsgan", ""])
def test_an_unknown_game_is_refused(game):
    with pytest.raises(ValueError, match="need a game out of minimax, non-saturating"):
        discriminator_loss(REAL, MADE, game)
    with pytest.raises(ValueError, match="need a game out of"):
        generator_loss(MADE, game)


def test_penalties_of_a_linear_critic_are_those_of_its_slope():
    w = torch.tensor([3.0, -4.0])  # slope 5 everywhere
    real, made = torch.randn(6, 2), torch.randn(6, 2)

    def critic(x):
        return x @ w + 7

    torch.testing.assert_close(slopes(critic, real), torch.full((6,), 5.0))
    share = torch.rand(6)
    assert gradient_penalty(critic, real, made, share).item() == pytest.approx(16.0, rel=1e-5)
    assert r1_penalty(critic, real).item() == pytest.approx(25.0, rel=1e-5)


def test_the_penalty_looks_between_real_and_made():
    """The slope of |x|^2 / 2 is |x|: at share u of the way it is known."""
    real, made = torch.tensor([[4.0]]), torch.tensor([[2.0]])
    for u in (0.0, 0.25, 1.0):
        found = gradient_penalty(lambda x: x.square() / 2, real, made, torch.tensor([u]))
        assert found.item() == pytest.approx((u * 4 + (1 - u) * 2 - 1) ** 2, rel=1e-5)


def test_penalties_teach_the_critic():
    weight = torch.tensor([2.0], requires_grad=True)
    penalty = gradient_penalty(
        lambda x: x * weight, torch.ones(3, 1), torch.zeros(3, 1), torch.rand(3)
    )
    (slope,) = torch.autograd.grad(penalty, weight)
    assert float(slope) == pytest.approx(2 * (2 - 1), rel=1e-4)


def test_a_flat_critic_has_a_finite_slope():
    weight = torch.zeros(2, requires_grad=True)
    penalty = r1_penalty(lambda x: x @ weight, torch.randn(3, 2))
    (slope,) = torch.autograd.grad(penalty, weight)
    assert torch.isfinite(slope).all()


def test_sounds_that_do_not_pair_are_refused():
    for made, share in ((torch.zeros(2, 2), torch.rand(3)), (torch.zeros(3, 2), torch.rand(2))):
        with pytest.raises(ValueError, match="as many real as made sounds"):
            gradient_penalty(lambda x: x.sum(1), torch.zeros(3, 2), made, share)


# ------------------------------------------------------------ the best discriminator


def gaussian(x: np.ndarray, mean: float, std: float) -> np.ndarray:
    return np.exp(-((x - mean) ** 2) / (2 * std**2)) / (std * np.sqrt(2 * np.pi))


def test_no_discriminator_beats_the_optimal_one():
    x = np.linspace(-6, 6, 3001)
    p, q = gaussian(x, -1, 1.0), gaussian(x, 1.5, 0.7)
    best = np.log(optimal_discriminator(p, q) / optimal_discriminator(q, p))

    def value(logit):
        return -float(trapezoid(p * np.logaddexp(0, -logit) + q * np.logaddexp(0, logit), x))

    for seed in range(20):
        rng = np.random.default_rng(seed)
        other = best + rng.normal() * np.cos(rng.uniform(0.1, 2) * x)
        assert value(other) < value(best)


def test_its_value_is_the_jensen_shannon_divergence_less_ln_4():
    x = np.linspace(-14, 14, 20_001)
    p, q = gaussian(x, 0, 1.0), gaussian(x, 1, 2.0)
    d, m = optimal_discriminator(p, q), (p + q) / 2
    value = trapezoid(p * np.log(d) + q * np.log(1 - d), x)
    divergence = (trapezoid(p * np.log(p / m), x) + trapezoid(q * np.log(q / m), x)) / 2
    assert value == pytest.approx(2 * divergence - np.log(4), abs=1e-8)
    assert optimal_discriminator(p, p) == pytest.approx(0.5)


def test_a_trained_discriminator_comes_near_it():
    """Gaussians of one width: ln p/q is a straight line, which logistic regression can be."""
    generator = torch.Generator().manual_seed(1)
    real = torch.randn(20_000, generator=generator) - 1
    made = torch.randn(20_000, generator=generator) + 1
    line = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.LBFGS([line])

    def closure():
        optimizer.zero_grad()
        logits = [line[0] * x + line[1] for x in (real, made)]
        loss = discriminator_loss(*logits, "non-saturating")
        loss.backward()
        return loss

    optimizer.step(closure)
    x = np.linspace(-2, 2, 9)
    found = 1 / (1 + np.exp(-(line[0].item() * x + line[1].item())))
    expected = optimal_discriminator(gaussian(x, -1, 1), gaussian(x, 1, 1))
    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.mark.parametrize(
    ("p", "q", "says"),
    [
        ([0.0, 1.0], [0.0, 1.0], "two that are 0 at one"),
        ([-0.1], [1.0], "densities of 0 or more, got -0.1"),
        ([1.0, 2.0], [1.0], "at the same places"),
        ([np.nan], [1.0], "finite"),
    ],
)
def test_bad_densities_are_refused(p, q, says):
    with pytest.raises(ValueError, match=says):
        optimal_discriminator(np.array(p), np.array(q))
