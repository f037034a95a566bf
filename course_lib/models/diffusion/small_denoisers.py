"""A small network that learns to denoise, for data of up to a few dozen values.

Layers with a skip around each, and gates that the noise level opens and closes. What it predicts
is a matter of choice (`process.target_of`), and decides at which noise levels it guesses well.
Notebook 15 trains it live, beside denoisers whose answer is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, get_args, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.core import Batches, LabelledBatch, check_count, check_number, settle
from course_lib.models.diffusion.targets import Target, as_denoiser, simple_loss

LEVEL_FEATURES = 8


@dataclass(frozen=True)
class SmallDenoiserConfig:
    """The shape of a `SmallDenoiser`, and the noise levels that it learns.

    Attributes
    ----------
    dims : values in one datum; they should have a variance of about one
    width : units in each hidden layer
    depth : hidden layers
    predicts : "noise", "x0", "velocity" or "flow"
    sigma_min, sigma_max : noise levels, drawn evenly over their logarithm

    Raises
    ------
    TypeError, ValueError
        For sizes below 1, noise levels not above 0 or not in order, or another prediction.
    """

    dims: int
    width: int = 128
    depth: int = 2
    predicts: Target = "velocity"
    sigma_min: float = 0.01
    sigma_max: float = 50.0

    def __post_init__(self) -> None:
        for name in ("dims", "width", "depth"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        settle(self, sigma_min=check_number(self.sigma_min, "sigma_min", above=0))
        settle(self, sigma_max=check_number(self.sigma_max, "sigma_max", above=self.sigma_min))
        if self.predicts not in get_args(Target):
            raise ValueError(f"need a prediction out of {get_args(Target)}, got {self.predicts!r}")


class SmallDenoiser(nn.Module):
    """A network whose guess D(x; sigma) comes near E[x0 | x0 + sigma n = x] as it learns.

    Parameters
    ----------
    config : its shape
    seed : of the first weights; the last layer begins at zero
    """

    def __init__(self, config: SmallDenoiserConfig, *, seed: int) -> None:
        super().__init__()
        seed = check_count(seed, "seed", minimum=0)
        self.config = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.first = nn.Linear(config.dims, config.width)
            self.into = self._layers(config.width)
            self.gates = self._layers(LEVEL_FEATURES)
            self.out = self._layers(config.width)
            self.last = nn.Linear(config.width, config.dims)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def _layers(self, inputs: int) -> nn.ModuleList:
        width, depth = self.config.width, self.config.depth
        return nn.ModuleList(nn.Linear(inputs, width) for _ in range(depth))

    def forward(
        self, x: Float[Tensor, "batch dims"], sigma: Float[Tensor, "batch"]
    ) -> Float[Tensor, "batch dims"]:
        """Return the prediction for scaled data a x0 + s n, as ``config.predicts`` says.

        h <- h + W' (silu(W h) * (1 + V c)), where c holds cosines of ln sigma.
        """
        octave = torch.arange(LEVEL_FEATURES, device=x.device, dtype=x.dtype)
        low, high = math.log(self.config.sigma_min), math.log(self.config.sigma_max)
        place = (sigma.log() - low) / (high - low)
        level = torch.cos(math.pi * place[:, None] * octave)
        h = self.first(x)
        for into, gate, out in zip(self.into, self.gates, self.out, strict=True):
            h = h + out(nn.functional.silu(into(h)) * (1 + gate(level)))
        return self.last(h)

    def denoise(
        self, x: Float[Tensor, "batch dims"], sigma: Float[Tensor, "batch"]
    ) -> Float[Tensor, "batch dims"]:
        """Return the guess D(x; sigma) of the clean data, a `Denoiser`.

        Raises
        ------
        ValueError
            For data of another size, or noise levels that are not one a datum.
        """
        if x.ndim != 2 or x.shape[1] != self.config.dims or sigma.shape != x.shape[:1]:
            raise ValueError(
                f"need x of shape (batch, {self.config.dims}) and sigma (batch,), got "
                f"{tuple(x.shape)} and {tuple(sigma.shape)}"
            )
        return as_denoiser(self, self.config.predicts)(x, sigma)

    def loss(self, batch: LabelledBatch, carry: None = None) -> tuple[Tensor, None]:
        """Return the mean squared error of the predictions, for noise that the seed draws.

        The batch is a `LabelledBatch` of data in place of sounds, (batch, dims); its labels are
        not looked at.

        References
        ----------
        Ho, Jain and Abbeel (2020), algorithm 1, with a choice of what is predicted.
        """
        x0 = batch.sounds
        rng = np.random.default_rng(batch.seed)
        span = math.log(self.config.sigma_max / self.config.sigma_min)
        sigma = self.config.sigma_min * np.exp(span * rng.random(len(x0)))
        n = rng.standard_normal(tuple(x0.shape))
        sigmas, noise = (torch.from_numpy(values).to(x0) for values in (sigma, n))
        return simple_loss(self, x0, sigmas, noise, self.config.predicts), None


@runtime_checkable
class Source(Protocol):
    """Data that can be drawn without end, such as `known_denoisers` has."""

    def sample(self, count: int, *, rng: np.random.Generator) -> Tensor:
        """Return (count, dims)."""


def fresh_batches(source: Source, *, size: int, seed: int) -> Batches:
    """Return batches of `size` data that were never seen before, float32, all of label 0.

    Raises
    ------
    TypeError, ValueError
        For a size below 1 or a negative seed.
    """
    size = check_count(size, "size")
    seed = check_count(seed, "seed", minimum=0)

    def batch(index: int) -> LabelledBatch:
        rng = np.random.default_rng([seed, index])
        sounds = source.sample(size, rng=rng).float()
        labels = torch.zeros(size, dtype=torch.int64)
        return LabelledBatch(sounds, labels, seed=int(rng.integers(2**31)))

    return batch
