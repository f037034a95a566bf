"""Convolutions that make a table small, and others that make it large again."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

GROUPS = 8
"""Channels are normalised in so many groups."""


def shrinking(channels: Sequence[int]) -> nn.Sequential:
    """Return layers from one channel to the last of `channels`; each halves frames and bands."""
    layers: list[nn.Module] = []
    for before, after in zip((1, *channels), channels, strict=False):
        layers += [nn.Conv2d(before, after, 4, 2, 1), nn.GroupNorm(GROUPS, after), nn.GELU()]
    return nn.Sequential(*layers)


def growing(channels: Sequence[int]) -> nn.Sequential:
    """Return layers from the last of `channels` to one channel: the way back of `shrinking`.

    Each repeats every cell twice along both axes before it convolves, so that all cells of the
    result are made alike; a transposed convolution would leave a chequered pattern.

    References
    ----------
    Odena, Dumoulin and Olah (2016), "Deconvolution and checkerboard artifacts".
    """
    layers: list[nn.Module] = []
    for before, after in zip(channels[::-1], channels[-2::-1], strict=False):
        layers += [
            nn.Upsample(scale_factor=2),
            nn.Conv2d(before, after, 3, padding=1),
            nn.GroupNorm(GROUPS, after),
            nn.GELU(),
        ]
    return nn.Sequential(*layers, nn.Upsample(scale_factor=2), nn.Conv2d(channels[0], 1, 3, 1, 1))


def check_channels(channels: Sequence[int]) -> None:
    """Refuse channels that are none or no multiples of 8.

    Raises
    ------
    ValueError
        With what was needed and what came.
    """
    if not channels or any(count < GROUPS or count % GROUPS for count in channels):
        raise ValueError(f"need one or more channels, multiples of {GROUPS}, got {channels}")
