"""What WaveNet is built of: dilated causal convolutions, and how far back a stack of them hears."""

from __future__ import annotations

import torch
from jaxtyping import Float

from course_lib.core import (
    check_count,
)


def dilated_stack(cycles: int, layers: int) -> tuple[int, ...]:
    """Return `cycles` times the dilations 1, 2, 4, ..., 2^(layers - 1)."""
    cycles, layers = check_count(cycles, "cycles"), check_count(layers, "layers")
    return tuple(2**layer for _ in range(cycles) for layer in range(layers))


def receptive_field(dilations: tuple[int, ...]) -> int:
    """Return how many past samples a prediction sees: R = 1 + sum of the dilations.

    Each layer has two taps, so it reaches one dilation further back than the one below; the
    first 1x1 convolution sees one sample.
    """
    return 1 + sum(dilations)


def causal_convolution(
    x: Float[torch.Tensor, "time batch channels"],
    taps: Float[torch.Tensor, "two_channels outputs"],
    dilation: int,
) -> Float[torch.Tensor, "later batch outputs"]:
    """Return y[t] = [x[t - dilation], x[t]] @ taps, for every t that has such a past.

    The first half of the rows of `taps` weighs the past sample, the second half the present one.
    The result is `dilation` samples shorter than `x`: nothing is made up before its beginning.
    """
    return torch.cat([x[:-dilation], x[dilation:]], dim=-1) @ taps


def gated_activation(
    a: Float[torch.Tensor, "*time two_channels"],
) -> Float[torch.Tensor, "*time channels"]:
    """Return tanh(a_filter) * sigmoid(a_gate): half of the channels, let through by the others.

    van den Oord et al. (2016), eq. 2.
    """
    content, gate = a.chunk(2, dim=-1)
    return torch.tanh(content) * torch.sigmoid(gate)
