"""A U-Net over a table of time and frequency, told how much noise there is and what to draw."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import nn
from torch.nn import functional as F

from course_lib.core import check_count, settle
from course_lib.models.diffusion.transforms import CompressedMDCT

GROUPS = 8
"""Channels are normalised in so many groups."""


@dataclass(frozen=True)
class UNetConfig:
    """The shape of a U-Net.

    Parameters
    ----------
    bands : rows of frequency; the table's frames and bands are divided by patch and by 2 at
        every further resolution
    channels : at each resolution, the finest first; multiples of 8
    blocks : residual blocks at each resolution, on the way down and on the way up
    patch : so many frames by so many bands are one cell of the finest resolution
    condition : numbers that carry noise level and class to every block

    Raises
    ------
    TypeError, ValueError
        For counts below 1, channels that are not multiples of 8, or bands that do not divide.
    """

    bands: int = 128
    channels: tuple[int, ...] = (32, 56, 72)
    blocks: int = 2
    patch: int = 2
    condition: int = 64

    def __post_init__(self) -> None:
        for name in ("bands", "blocks", "patch", "condition"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        if not self.channels:
            raise ValueError("need the channels of at least one resolution, got none")
        settle(self, channels=tuple(check_count(count, "channels") for count in self.channels))
        for channels in self.channels:
            if channels % GROUPS:
                raise ValueError(f"need channels that are multiples of {GROUPS}, got {channels}")
        if self.bands % self.coarsest:
            raise ValueError(
                f"need bands that are a multiple of {self.coarsest} for a patch of {self.patch} "
                f"and {len(self.channels)} resolutions, got {self.bands}"
            )

    @property
    def coarsest(self) -> int:
        """Frames, and bands, in one cell of the coarsest resolution."""
        return self.patch * 2 ** (len(self.channels) - 1)

    @property
    def multiple(self) -> int:
        """Samples that go together; a sound holds a multiple of them."""
        return self.bands * self.coarsest

    def shape(self, length: int) -> tuple[int, ...]:
        """Return the shape of what the network sees of one sound."""
        return length // self.bands, self.bands

    def transform(self, length: int, *, scale: float, softness: float) -> CompressedMDCT:
        """Return the way from sounds to tables."""
        return CompressedMDCT(length, bands=self.bands, scale=scale, softness=softness)

    def build(self, classes: int) -> UNet:
        """Return the untrained network."""
        return UNet(self, classes)

    def describe(self, length: int) -> str:
        """Return in words what the network is, for sounds of so many samples."""
        return f"U-Net over {length // self.bands} x {self.bands} MDCT coefficients"


class UNet(nn.Module):
    """From a noisy table, its noise level and class to a table of the same shape.

    On the way down, blocks at one resolution, then means of 2 x 2 cells; on the way up, each
    cell is repeated 2 x 2 times, and the blocks see beside it what the way down had at that
    resolution. The last convolution begins at zero.

    Parameters
    ----------
    config : the shape
    classes : how many; one more label, `classes`, stands for "any"

    References
    ----------
    Ronneberger, Fischer and Brox (2015), "U-Net"; Ho, Jain and Abbeel (2020), appendix B.
    Notebook: 16.
    """

    def __init__(self, config: UNetConfig, classes: int) -> None:
        super().__init__()
        self.config = config
        first, cells = config.channels[0], config.patch**2
        self.condition = Condition(classes, config.condition)
        self.enter = nn.Conv2d(cells, first, 3, padding=1)
        self.place = nn.Parameter(torch.zeros(first, 1, config.bands // config.patch))
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        before = first
        for channels in config.channels:
            self.down.append(Level(before, channels, config))
            before = channels
        self.middle = Block(before, before, config.condition)
        for channels in reversed(config.channels):
            self.up.append(Level(before + channels, channels, config))
            before = channels
        self.leave = nn.Sequential(
            nn.GroupNorm(GROUPS, before), nn.SiLU(), zeroed(nn.Conv2d(before, cells, 3, padding=1))
        )

    def forward(
        self,
        x: Float[torch.Tensor, "batch frames bands"],
        level: Float[torch.Tensor, " batch"],
        label: Int[torch.Tensor, " batch"],
    ) -> Float[torch.Tensor, "batch frames bands"]:
        """Return the network's answer.

        Parameters
        ----------
        x : noisy table of about unit variance; frames a multiple of ``config.multiple``
        level : a quarter of the logarithm of the noise level
        label : 0 to classes; `classes` stands for "any"
        """
        condition = self.condition(level, label)
        h = self.enter(F.pixel_unshuffle(x[:, None], self.config.patch)) + self.place
        passed = []
        for i, level_down in enumerate(self.down):
            h = level_down(F.avg_pool2d(h, 2) if i else h, condition)
            passed.append(h)
        h = self.middle(h, condition)
        for i, level_up in enumerate(self.up):
            h = F.interpolate(h, scale_factor=2.0) if i else h
            h = level_up(torch.cat([h, passed.pop()], dim=1), condition)
        return F.pixel_shuffle(self.leave(h), self.config.patch)[:, 0]


class Level(nn.Module):
    """The blocks of one resolution, one after the other."""

    def __init__(self, before: int, channels: int, config: UNetConfig) -> None:
        super().__init__()
        sizes = [before] + [channels] * (config.blocks - 1)
        self.blocks = nn.ModuleList([Block(size, channels, config.condition) for size in sizes])

    def forward(
        self,
        x: Float[torch.Tensor, "batch before frames bands"],
        condition: Float[torch.Tensor, "batch condition"],
    ) -> Float[torch.Tensor, "batch channels frames bands"]:
        """Return the channels of the next resolution."""
        for block in self.blocks:
            x = block(x, condition)
        return x


class Block(nn.Module):
    """Two convolutions around which the input is added; what the network is told scales and
    shifts the channels in between (Dhariwal and Nichol (2021), eq. 7)."""

    def __init__(self, before: int, after: int, condition: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.GroupNorm(GROUPS, before), nn.SiLU(), nn.Conv2d(before, after, 3, padding=1)
        )
        self.condition = nn.Linear(condition, 2 * after)
        self.norm = nn.GroupNorm(GROUPS, after)
        self.second = zeroed(nn.Conv2d(after, after, 3, padding=1))
        self.around = nn.Identity() if before == after else nn.Conv2d(before, after, 1)

    def forward(
        self,
        x: Float[torch.Tensor, "batch before frames bands"],
        condition: Float[torch.Tensor, "batch condition"],
    ) -> Float[torch.Tensor, "batch after frames bands"]:
        """Return the channels of the next block."""
        scale, shift = self.condition(condition)[:, :, None, None].chunk(2, dim=1)
        h = self.norm(self.first(x)) * (1 + scale) + shift
        return self.around(x) + self.second(F.silu(h))


class Condition(nn.Module):
    """Noise level and class as one vector for every block.

    The level enters as sines and cosines, sin(f_i c) and cos(f_i c), of 32 frequencies f_i from
    1 to 100; a class as a learned vector.
    """

    frequencies: torch.Tensor

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        frequencies = torch.exp(torch.linspace(0, math.log(100), 32))
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.level = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(classes + 1, width)

    def forward(
        self, level: Float[torch.Tensor, " batch"], label: Int[torch.Tensor, " batch"]
    ) -> Float[torch.Tensor, "batch width"]:
        """Return the vectors."""
        angles = level[:, None] * self.frequencies
        waves = torch.cat([angles.sin(), angles.cos()], dim=1)
        return F.silu(self.level(waves) + self.label(label))


def zeroed(layer: nn.Conv1d | nn.Conv2d) -> nn.Conv1d | nn.Conv2d:
    """Return a layer whose weights begin at zero: at first it adds nothing."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
