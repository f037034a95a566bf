"""DiffWave: the WaveNet's dilated convolutions, looking both ways, as a denoiser of waveforms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import nn
from torch.nn import functional as F

from course_lib.core import check_count, settle
from course_lib.models.diffusion.transforms import Waveform
from course_lib.models.diffusion.unet import Condition, zeroed


@dataclass(frozen=True)
class DiffWaveConfig:
    """The shape of a DiffWave.

    Parameters
    ----------
    channels : of the residual stream
    dilations : of each layer, in patches
    patch : samples that one place of the stream holds (1 in the paper)
    condition : numbers that carry noise level and class to every layer

    Raises
    ------
    TypeError, ValueError
        For counts below 1, or no layers.
    """

    channels: int = 48
    dilations: tuple[int, ...] = tuple(2**i for i in range(9)) * 2
    patch: int = 4
    condition: int = 64

    def __post_init__(self) -> None:
        for name in ("channels", "patch", "condition"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        if not self.dilations:
            raise ValueError("need the dilation of at least one layer, got none")
        settle(self, dilations=tuple(check_count(d, "dilation") for d in self.dilations))

    @property
    def multiple(self) -> int:
        """Samples that go together; a sound holds a multiple of them."""
        return self.patch

    def shape(self, length: int) -> tuple[int, ...]:
        """Return the shape of what the network sees of one sound."""
        return (length,)

    def transform(self, length: int, *, scale: float, softness: float) -> Waveform:
        """Return the way from sounds to what the network sees; nothing is softened."""
        return Waveform(scale)

    def build(self, classes: int) -> DiffWave:
        """Return the untrained network."""
        return DiffWave(self, classes)

    def describe(self, length: int) -> str:
        """Return in words what the network is, for sounds of any length."""
        return f"DiffWave of {len(self.dilations)} layers and {self.channels} channels"


class DiffWave(nn.Module):
    """From a noisy waveform, its noise level and class to a waveform of the same length.

    Each layer, with x the residual stream and e the condition that the layer hears::

        h = conv(x + W e),    z = tanh(h_1) sigmoid(h_2),    x <- (x + V z) / sqrt(2)

    and what comes out is the sum over layers of U z, over the square root of their number.
    Convolutions of three taps look both ways: nothing here is causal, since the whole sound is
    there from the first step on. The last convolution begins at zero.

    Parameters
    ----------
    config : the shape
    classes : how many; one more label, `classes`, stands for "any"

    References
    ----------
    Kong, Ping, Huang, Zhao and Catanzaro (2021), "DiffWave: a versatile diffusion model for
    audio synthesis", section 3 and figure 2(a). Notebook: 16.
    """

    def __init__(self, config: DiffWaveConfig, classes: int) -> None:
        super().__init__()
        self.config = config
        self.condition = Condition(classes, config.condition)
        self.enter = nn.Conv1d(config.patch, config.channels, 1)
        self.layers = nn.ModuleList([Layer(config, dilation) for dilation in config.dilations])
        self.leave = nn.Sequential(
            nn.Conv1d(config.channels, config.channels, 1),
            nn.SiLU(),
            zeroed(nn.Conv1d(config.channels, config.patch, 1)),
        )

    def forward(
        self,
        x: Float[torch.Tensor, "batch time"],
        level: Float[torch.Tensor, " batch"],
        label: Int[torch.Tensor, " batch"],
    ) -> Float[torch.Tensor, "batch time"]:
        """Return the network's answer; the arguments are those of `UNet`, x a waveform."""
        condition = self.condition(level, label)
        patches = x.unflatten(1, (-1, self.config.patch)).transpose(1, 2)
        h, skipped = F.silu(self.enter(patches)), torch.zeros(())
        for layer in self.layers:
            h, skip = layer(h, condition)
            skipped = skipped + skip
        out = self.leave(skipped / math.sqrt(len(self.layers)))
        return out.transpose(1, 2).flatten(1)


class Layer(nn.Module):
    """One gated, dilated convolution with a way around it and a way out."""

    def __init__(self, config: DiffWaveConfig, dilation: int) -> None:
        super().__init__()
        channels = config.channels
        self.condition = nn.Linear(config.condition, channels)
        self.look = nn.Conv1d(channels, 2 * channels, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(channels, 2 * channels, 1)

    def forward(
        self,
        x: Float[torch.Tensor, "batch channels patches"],
        condition: Float[torch.Tensor, "batch condition"],
    ) -> tuple[
        Float[torch.Tensor, "batch channels patches"],
        Float[torch.Tensor, "batch channels patches"],
    ]:
        """Return the residual stream of the next layer, and what leaves here."""
        filtered, gate = self.look(x + self.condition(condition)[:, :, None]).chunk(2, dim=1)
        change, skip = self.mix(torch.tanh(filtered) * torch.sigmoid(gate)).chunk(2, dim=1)
        return (x + change) / math.sqrt(2), skip
