"""The mel frames that a vocoder listens to, and how a network hears them sample by sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import nn

from course_lib.core import check_count, settle

SILENT_MEL = math.log(1e-5)
"""What `features.log_mel` says of silence."""


@dataclass(frozen=True)
class MelCondition:
    """Mel frames that a vocoder listens to, and how they are brought to the sample rate.

    Parameters
    ----------
    bands, window_length, hop_length : of `features.log_mel`
    hold_length : samples over which the condition stays constant; divides the hop
    channels : of the condition
    """

    bands: int = 80
    window_length: int = 800
    hop_length: int = 200
    hold_length: int = 20
    channels: int = 64

    def __post_init__(self) -> None:
        for name in ("bands", "window_length", "hop_length", "hold_length", "channels"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        if self.hop_length % self.hold_length:
            raise ValueError(
                f"need a hold_length that divides the hop of {self.hop_length} samples, "
                f"got {self.hold_length}"
            )


class MelUpsampler(nn.Module):
    """From mel frames to one vector every `hold_length` samples, as a transposed convolution.

    The vectors between frame m and frame m + 1 are a learned function of the frames m - 1, m,
    m + 1 and m + 2: one matrix for each of the hop_length / hold_length places between them.
    """

    def __init__(self, config: MelCondition) -> None:
        super().__init__()
        self.places = config.hop_length // config.hold_length
        self.mixing = nn.Linear(4 * config.bands, config.channels)
        self.spreading = nn.Linear(config.channels, self.places * config.channels)

    def forward(
        self, mel: Float[torch.Tensor, "frames batch bands"]
    ) -> Float[torch.Tensor, "holds batch channels"]:
        """Return hop_length / hold_length vectors a frame; the ends are held."""
        mel = (mel + 5) / 3  # speech then lies around zero
        padded = torch.cat([mel[:1], mel, mel[-1:], mel[-1:]])
        around = torch.cat([padded[i : i + len(mel)] for i in range(4)], dim=-1)
        spread = self.spreading(torch.relu(self.mixing(around)))
        return spread.unflatten(-1, (self.places, -1)).transpose(1, 2).flatten(0, 1)
