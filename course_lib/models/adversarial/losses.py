"""What the two networks of a GAN make smaller: four games, and two penalties on slopes.

A discriminator answers a sound x with a number D(x), its logit: large for real, small for made.
Each game is a pair of functions of the logits of real and of made sounds.

Notebook: 10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from course_lib.core import check_values

Game: TypeAlias = Literal["minimax", "non-saturating", "hinge", "wasserstein"]
"""What two networks play for."""

GAMES: tuple[Game, ...] = get_args(Game)


def check_game(game: str) -> None:
    """Refuse a game that is not known.

    Raises
    ------
    ValueError
        For another game.
    """
    if game not in GAMES:
        raise ValueError(f"need a game out of {', '.join(GAMES)}, got {game!r}")


def discriminator_loss(
    real: Float[Tensor, "*real"], made: Float[Tensor, "*made"], game: Game
) -> Float[Tensor, ""]:
    """Return the discriminator's loss, from its logits of real and of made sounds.

    With means over either::

        minimax, non-saturating   -E ln s(D(x)) - E ln(1 - s(D(G(z))))     s the logistic function
        hinge                      E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))
        wasserstein               -E D(x) + E D(G(z))                      with a penalty on slopes

    -ln s(a) is softplus(-a), which does not overflow.

    Raises
    ------
    ValueError
        For another game.

    References
    ----------
    Goodfellow et al. (2014), eq. 1; Lim and Ye (2017), "Geometric GAN", eq. 6, and Miyato et al.
    (2018), eq. 16 (hinge); Arjovsky, Chintala and Bottou (2017), "Wasserstein GAN", eq. 2.
    Notebook: 10.
    """
    check_game(game)
    if game == "hinge":
        return F.relu(1 - real).mean() + F.relu(1 + made).mean()
    if game == "wasserstein":
        return made.mean() - real.mean()
    return F.softplus(-real).mean() + F.softplus(made).mean()


def generator_loss(made: Float[Tensor, "*made"], game: Game) -> Float[Tensor, ""]:
    """Return the generator's loss, from the discriminator's logits of made sounds.

    ::

        minimax             E ln(1 - s(D(G(z))))    flat where the discriminator is sure
        non-saturating     -E ln s(D(G(z)))         steep there
        hinge, wasserstein -E D(G(z))

    Raises
    ------
    ValueError
        For another game.

    References
    ----------
    Goodfellow et al. (2014), eq. 1 and section 3 (non-saturating); Lim and Ye (2017), eq. 7;
    Arjovsky, Chintala and Bottou (2017), theorem 3. Notebook: 10.
    """
    check_game(game)
    if game == "minimax":
        return -F.softplus(made).mean()
    if game == "non-saturating":
        return F.softplus(-made).mean()
    return -made.mean()


Judge: TypeAlias = Callable[[Tensor], Tensor]
"""From a batch, its sounds first, to a logit of each."""


def slopes(judge: Judge, x: Float[Tensor, "batch *shape"]) -> Float[Tensor, " batch"]:
    """Return how steep a discriminator is at each sound: the length of its gradient there.

    The result can itself be differentiated by the weights of the discriminator.
    """
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(judge(x).sum(), x, create_graph=True)
    # A length of zero has no gradient: the root of a tiny number does.
    return (slope.flatten(1).square().sum(dim=1) + 1e-12).sqrt()


def gradient_penalty(
    judge: Judge,
    real: Float[Tensor, "batch *shape"],
    made: Float[Tensor, "batch *shape"],
    share: Float[Tensor, " batch"],
) -> Float[Tensor, ""]:
    """Return E (|| grad D(u x + (1 - u) G(z)) || - 1)^2, between real and made sounds.

    Parameters
    ----------
    judge : the discriminator
    real, made : as many of one as of the other
    share : u of each pair, drawn evenly from 0 to 1

    Raises
    ------
    ValueError
        For sounds that do not pair.

    References
    ----------
    Gulrajani et al. (2017), "Improved training of Wasserstein GANs", eq. 3. Notebook: 10.
    """
    if real.shape != made.shape or share.shape != real.shape[:1]:
        raise ValueError(
            f"need as many real as made sounds of one shape, and a share for each pair, got "
            f"{tuple(real.shape)}, {tuple(made.shape)} and {tuple(share.shape)}"
        )
    u = share.view(-1, *[1] * (real.ndim - 1))
    return (slopes(judge, u * real + (1 - u) * made) - 1).square().mean()


def r1_penalty(judge: Judge, real: Float[Tensor, "batch *shape"]) -> Float[Tensor, ""]:
    """Return E || grad D(x) ||^2 over real sounds: where all is real, D should be flat.

    References
    ----------
    Mescheder, Geiger and Nowozin (2018), "Which training methods for GANs do actually converge?",
    eq. 9, without its factor gamma / 2. Notebook: 10.
    """
    return slopes(judge, real).square().mean()


def optimal_discriminator(
    real: Float[np.ndarray, "*shape"], made: Float[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"]:
    """Return D*(x) = p(x) / (p(x) + q(x)): the probability that x is real, with even odds before.

    Parameters
    ----------
    real, made : p(x) and q(x), the densities of real and of made sounds at the same places

    Raises
    ------
    TypeError, ValueError
        For densities that are not finite or below 0, that do not pair, or both 0 at a place.

    References
    ----------
    Goodfellow et al. (2014), proposition 1. Notebook: 10.
    """
    p, q = check_values(real, "real"), check_values(made, "made")
    if p.shape != q.shape:
        raise ValueError(f"need two densities at the same places, got {p.shape} and {q.shape}")
    if min(p.min(initial=0), q.min(initial=0)) < 0:
        raise ValueError(f"need densities of 0 or more, got {min(p.min(), q.min()):.4g}")
    if not (p + q).all():
        raise ValueError("need a density above 0 at every place, got two that are 0 at one")
    return p / (p + q)
