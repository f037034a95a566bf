"""The game on points in the plane, where everything can be seen: which modes are found, and when.

Notebook: 10.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.core import (
    Batches,
    LabelledBatch,
    check_count,
    check_generator,
    check_number,
    check_values,
    settle,
    spawn,
)
from course_lib.models.adversarial.losses import (
    Game,
    check_game,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    r1_penalty,
)
from course_lib.models.adversarial.spectral_norm import spectral_norm


@dataclass(frozen=True)
class PointGameConfig:
    """What a game on points is made of.

    Parameters
    ----------
    game : what the two networks play for
    latent : random numbers behind a point
    width : units in each of the two hidden layers of either network
    dims : numbers in a point
    penalty : lambda of `gradient_penalty`; 0 for none
    r1 : gamma / 2 of `r1_penalty`; 0 for none
    spectral : whether the discriminator's layers are normalised (`spectral_norm`)

    Raises
    ------
    TypeError, ValueError
        For a game that is not known, counts below 1, or weights below 0.
    """

    game: Game = "non-saturating"
    latent: int = 2
    width: int = 64
    dims: int = 2
    penalty: float = 0.0
    r1: float = 0.0
    spectral: bool = False

    def __post_init__(self) -> None:
        check_game(self.game)
        for name in ("latent", "width", "dims"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        for name in ("penalty", "r1"):
            settle(self, **{name: check_number(getattr(self, name), name, minimum=0)})


class PointGame(nn.Module):
    """Two small networks that play about points: what `training.adversarial_steps` plays.

    Parameters
    ----------
    config : what it is made of
    seed : of the first weights

    Attributes
    ----------
    generator, discriminator : the two
    kept : the generator with averaged weights
    """

    def __init__(self, config: PointGameConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.generator = _layers(config.latent, config.width, config.dims)
            self.discriminator = _layers(config.dims, config.width, 1)
            for layer in self.discriminator if config.spectral else ():
                if isinstance(layer, nn.Linear):
                    spectral_norm(layer)
        self.kept = copy.deepcopy(self.generator).requires_grad_(False)

    def _made(self, batch: LabelledBatch, generator: torch.Generator) -> Tensor:
        if batch.sounds.shape[1] != self.config.dims:
            raise ValueError(
                f"need points of {self.config.dims} numbers, got {batch.sounds.shape[1]}"
            )
        z = torch.randn(len(batch), self.config.latent, generator=generator)
        made: Tensor = self.generator(z)
        return made

    def discriminator_loss(self, batch: LabelledBatch) -> Tensor:
        """Return the discriminator's loss with its penalties.

        Raises
        ------
        ValueError
            For points of another number of dimensions.
        """
        config, generator = self.config, torch.Generator().manual_seed(batch.seed)
        with torch.no_grad():
            made = self._made(batch, generator)
        judge, real = self.discriminator, batch.sounds
        loss = discriminator_loss(judge(real), judge(made), config.game)
        if config.penalty:
            share = torch.rand(len(batch), generator=generator)
            loss = loss + config.penalty * gradient_penalty(judge, real, made, share)
        if config.r1:
            loss = loss + config.r1 * r1_penalty(judge, real)
        return loss

    def generator_loss(self, batch: LabelledBatch) -> Tensor:
        """Return the generator's loss.

        Raises
        ------
        ValueError
            As `discriminator_loss`.
        """
        generator = torch.Generator().manual_seed(batch.seed + 1)
        return generator_loss(self.discriminator(self._made(batch, generator)), self.config.game)

    def points(self, count: int, *, rng: np.random.Generator) -> Float[np.ndarray, "count dims"]:
        """Draw points from the kept generator; the i-th does not depend on the count.

        Raises
        ------
        TypeError, ValueError
            For a count below 1, or an `rng` that is not a numpy Generator.
        """
        z = np.stack([each.standard_normal(self.config.latent) for each in spawn(rng, count)])
        with torch.no_grad():
            drawn: np.ndarray = self.kept(torch.from_numpy(z).float()).numpy()
        return drawn


def _layers(before: int, width: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(before, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, after),
    )


# ------------------------------------------------------------------- the data


def ring(modes: int = 8, *, radius: float = 2.0) -> Float[np.ndarray, "modes 2"]:
    """Return places that are evenly spaced on a circle.

    Raises
    ------
    TypeError, ValueError
        For fewer than one mode, or a radius that is not above 0.

    References
    ----------
    Metz et al. (2017), "Unrolled generative adversarial networks", section 3.1. Notebook: 10.
    """
    modes = check_count(modes, "modes")
    radius = check_number(radius, "radius", above=0)
    angles = 2 * np.pi * np.arange(modes) / modes
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def scattered(
    centres: Float[np.ndarray, "modes dims"], spread: float, count: int, rng: np.random.Generator
) -> Float[np.ndarray, "count dims"]:
    """Draw points around centres, each as likely, with a standard deviation of `spread`."""
    centres = check_values(centres, "centres", shape=("modes", "dims"), whole=False)
    count = check_count(count, "count")
    spread = check_number(spread, "spread", minimum=0)
    chosen = check_generator(rng).integers(len(centres), size=count)
    return centres[chosen] + spread * rng.standard_normal((count, centres.shape[1]))


def point_batches(
    centres: Float[np.ndarray, "modes dims"], *, spread: float, size: int, seed: int
) -> Batches:
    """Return endless batches of fresh points; a batch depends on the seed and its index alone.

    Notebook: 10.
    """
    size = check_count(size, "size")
    seed = check_count(seed, "seed", minimum=0)

    def batch(index: int) -> LabelledBatch:
        rng = np.random.default_rng([seed, index])
        points = torch.from_numpy(scattered(centres, spread, size, rng).astype(np.float32))
        return LabelledBatch(points, torch.zeros(size, dtype=torch.int64), int(rng.integers(2**31)))

    return batch


class Coverage(NamedTuple):
    """What `modes_found` measures.

    Attributes
    ----------
    found : how many centres have points near them
    near : share of the points that are near a centre
    divergence : from the shares of the centres to even shares, in nats: 0 where they are even,
        ln modes where one has all
    """

    found: int
    near: float
    divergence: float


def modes_found(
    points: Float[np.ndarray, "count dims"],
    centres: Float[np.ndarray, "modes dims"],
    *,
    spread: float,
    least: float = 0.1,
) -> Coverage:
    """Return which centres points are found at.

    A point is near its nearest centre where it lies within four standard deviations. A centre is
    found where it has a share of the near points of at least `least` times an even one. With s_k
    the share of centre k of K, the divergence is sum_k s_k ln(K s_k).

    Parameters
    ----------
    points, centres : of one number of dimensions
    spread : standard deviation of real points around a centre
    least : share of an even share

    Raises
    ------
    TypeError, ValueError
        For bad input, or points and centres of different dimensions.

    References
    ----------
    Metz et al. (2017), section 3.3.1, count modes in this way on digits. Notebook: 10.
    """
    points = check_values(points, "points", shape=("count", "dims"), whole=False)
    centres = check_values(centres, "centres", shape=("modes", "dims"), whole=False)
    if points.shape[1] != centres.shape[1] or not len(points) or not len(centres):
        raise ValueError(
            f"need points and centres of one number of dims, one of each or more, got shapes "
            f"{points.shape} and {centres.shape}"
        )
    spread = check_number(spread, "spread", above=0)
    least = check_number(least, "least", above=0)
    distance = np.linalg.norm(points[:, None] - centres, axis=2)
    near = distance.min(axis=1) < 4 * spread
    counts = np.bincount(distance.argmin(axis=1)[near], minlength=len(centres))
    shares = counts / max(counts.sum(), 1)
    inside = shares[shares > 0]
    return Coverage(
        int(np.sum((counts > 0) & (shares >= least / len(centres)))),
        float(near.mean()),
        float(np.sum(inside * np.log(len(centres) * inside))),
    )
