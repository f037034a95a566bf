"""Discriminators of speech: each folds or thins the sound in its own way, and judges every place.

Notebook: 10.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

SLOPE = 0.1
"""Of the leaky rectifiers, below zero."""

PERIODS = (2, 3, 5, 7, 11)
"""Primes, so that no two discriminators see the same samples side by side."""

SCALES = (1, 2, 4)
"""Means of so many samples are what a discriminator of scale sees."""


class PeriodDiscriminator(nn.Module):
    """Sees every `period`-th sample side by side, as a picture of time / period by period.

    Its convolutions run down the columns, so that a fault that comes back after `period` samples
    stands in a column of its own.

    Parameters
    ----------
    period : in samples
    channels : of each convolution

    References
    ----------
    Kong, Kim and Bae (2020), "HiFi-GAN", section 2.3 and appendix B, with fewer channels.
    Notebook: 10.
    """

    def __init__(self, period: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.period = period
        layers = [
            weight_norm(nn.Conv2d(before, after, (5, 1), (3, 1), padding=(2, 0)))
            for before, after in zip((1, *channels), channels, strict=False)
        ]
        self.layers = nn.ModuleList(layers)
        self.last = weight_norm(nn.Conv2d(channels[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, x: Float[Tensor, "batch time"]) -> list[Tensor]:
        """Return what each layer sees, the logits last."""
        fill = -x.shape[1] % self.period
        h = F.pad(x[:, None], (0, fill), mode="reflect")
        h = h.view(len(x), 1, -1, self.period)
        return _through(self.layers, self.last, h)


class ScaleDiscriminator(nn.Module):
    """Sees the sound, or means of several samples, and judges it by strided convolutions.

    Parameters
    ----------
    scale : samples in a mean
    channels : of each convolution

    References
    ----------
    Kumar et al. (2019), "MelGAN", section 2.2, from which HiFi-GAN takes it; here with fewer
    channels and layers. Notebook: 10.
    """

    def __init__(self, scale: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.scale = scale
        layers = [
            weight_norm(nn.Conv1d(before, after, 15, 4, padding=7))
            for before, after in zip((1, *channels), channels, strict=False)
        ]
        self.layers = nn.ModuleList(layers)
        self.last = weight_norm(nn.Conv1d(channels[-1], 1, 3, padding=1))

    def forward(self, x: Float[Tensor, "batch time"]) -> list[Tensor]:
        """Return what each layer sees, the logits last."""
        return _through(self.layers, self.last, F.avg_pool1d(x[:, None], self.scale))


def _through(layers: nn.ModuleList, last: nn.Module, h: Tensor) -> list[Tensor]:
    seen = []
    for layer in layers:
        h = F.leaky_relu(layer(h), SLOPE)
        seen.append(h)
    return [*seen, last(h)]


class Panel(nn.Module):
    """All discriminators of periods and scales; each has a vote of its own.

    Parameters
    ----------
    channels : of the convolutions of each
    """

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        of_periods = [PeriodDiscriminator(period, channels) for period in PERIODS]
        of_scales = [ScaleDiscriminator(scale, channels[:-1]) for scale in SCALES]
        self.members = nn.ModuleList([*of_periods, *of_scales])

    def forward(self, x: Float[Tensor, "batch time"]) -> list[list[Tensor]]:
        """Return what each layer of each member sees, its logits last."""
        return [member(x) for member in self.members]


def feature_matching(real: list[list[Tensor]], made: list[list[Tensor]]) -> Float[Tensor, ""]:
    """Return how far apart real and made sound are in what the layers see, logits left out.

    sum over members and layers of mean | D_l(x) - D_l(G(s)) |. Real sound counts as fixed.

    References
    ----------
    Kumar et al. (2019), eq. 3; Kong, Kim and Bae (2020), eq. 4. Notebook: 10.
    """
    pairs = [
        (a, b)
        for of_real, of_made in zip(real, made, strict=True)
        for a, b in zip(of_real[:-1], of_made[:-1], strict=True)
    ]
    return torch.stack([(a.detach() - b).abs().mean() for a, b in pairs]).sum()
