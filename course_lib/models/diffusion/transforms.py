"""The tables that a diffusion model sees in place of a waveform."""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.features.mdct import mdct_basis, mdct_windows


@runtime_checkable
class Transform(Protocol):
    """From sounds to what a network sees of them, and back."""

    @property
    def scale(self) -> float:
        """Of the numbers that the network sees."""

    @property
    def keeps_white_noise(self) -> bool:
        """Whether noise that is white in a sound is white in what the network sees."""

    def __call__(self, x: Float[Tensor, "batch time"]) -> Any:
        """Return what the network sees, a tensor."""

    def inverse(self, z: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch time"]:
        """Return the sound."""

    def log_jacobian(self, z: Float[Tensor, "batch *shape"]) -> Float[Tensor, " batch"]:
        """Return ln |det dz/dx|, of each sound."""


class Waveform(nn.Module):
    """The sound itself as what a network sees: z = x / scale."""

    keeps_white_noise = True

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """Return what the network sees."""
        return x / self.scale

    def inverse(self, z: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """Return the sound."""
        return z * self.scale

    def log_jacobian(self, z: Float[Tensor, "batch time"]) -> Float[Tensor, " batch"]:
        """Return ln |det dz/dx|, of each sound."""
        return z.new_full((len(z),), -z.shape[1] * math.log(self.scale))


class CompressedMDCT(nn.Module):
    """A table of time and frequency as what a network sees.

    With X the `mdct` of the sound and s the softness::

        z = X / (X^2 + s^2)^(1/4) / scale

    which is X / sqrt(s) for what is quiet and sign(X) sqrt(|X|) for what is loud, so that the
    last of a decay does not vanish in noise that leaves its beginning untouched. Every table is
    the transform of one sound, and volumes change by a known factor; so a density over tables is
    one over sounds.

    References
    ----------
    Richter et al. (2023), "Speech enhancement and dereverberation with diffusion-based generative
    models", section III-B, for the square root (there of a complex spectrum).
    """

    keeps_white_noise = False
    basis: Tensor
    windows: Tensor

    def __init__(self, length: int, *, bands: int, scale: float, softness: float) -> None:
        super().__init__()
        self.bands, self.scale, self.softness = bands, scale, softness
        windows = mdct_windows(length // bands, bands)
        self.register_buffer("basis", torch.from_numpy(mdct_basis(bands)).float(), False)
        self.register_buffer("windows", torch.from_numpy(windows).float(), False)

    def forward(self, x: Float[Tensor, "batch time"]) -> Float[Tensor, "batch frames bands"]:
        """Return what the network sees."""
        padded = nn.functional.pad(x, (self.bands // 2, self.bands // 2))
        frames = padded.unfold(1, 2 * self.bands, self.bands) * self.windows.to(x)
        coefficients = frames @ self.basis.to(x)
        return coefficients * (coefficients**2 + self.softness**2) ** -0.25 / self.scale

    def inverse(self, z: Float[Tensor, "batch frames bands"]) -> Float[Tensor, "batch time"]:
        """Return the sound: with y = scale z, X = y sqrt((y^2 + sqrt(y^4 + 4 s^2)) / 2)."""
        frames = self._coefficients(z) @ self.basis.to(z).T * self.windows.to(z)
        first, second = frames.chunk(2, dim=2)
        whole = nn.functional.pad(first.flatten(1), (0, self.bands))
        whole = whole + nn.functional.pad(second.flatten(1), (self.bands, 0))
        return whole[:, self.bands // 2 : -(self.bands // 2)]

    def log_jacobian(self, z: Float[Tensor, "batch frames bands"]) -> Float[Tensor, " batch"]:
        """Return ln |det dz/dx|, of each sound.

        dz/dX = (X^2 / 2 + s^2) / (X^2 + s^2)^(5/4) / scale
        """
        x, s = self._coefficients(z) ** 2, self.softness**2
        slope = torch.log(x / 2 + s) - 1.25 * torch.log(x + s) - math.log(self.scale)
        return slope.flatten(1).sum(dim=1)

    def _coefficients(
        self, z: Float[Tensor, "batch frames bands"]
    ) -> Float[Tensor, "batch frames bands"]:
        y = self.scale * z
        return y * ((y**2 + torch.sqrt(y**4 + 4 * self.softness**2)) / 2).sqrt()
