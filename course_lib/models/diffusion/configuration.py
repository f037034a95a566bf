"""What a diffusion model of sounds is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from course_lib.core import (
    check_count,
    check_number,
    settle,
)
from course_lib.models.diffusion.diffwave import DiffWaveConfig
from course_lib.models.diffusion.unet import UNetConfig

Path: TypeAlias = Literal["edm", "flow"]
"""How a network is trained: by the loss of Karras et al., or by flow matching."""


@dataclass(frozen=True)
class SoundDiffusionConfig:
    """What a diffusion model of sounds is made of.

    Parameters
    ----------
    classes : the kinds of sound, by name
    body : the network: a U-Net sees a compressed `mdct`, a DiffWave the waveform
    path : how it is trained, and the way that it is sampled when nothing else is asked for
    scale : of the numbers that the network sees; chosen so that their variance is about one
    softness : of the compression of a table; what lies far above it enters by its square root
    level_mean, level_std : of the logarithm of the noise level in training
    anything : share of the sounds whose class the network is not told in training
    length : samples in a sound
    sample_rate : in Hz

    Raises
    ------
    TypeError, ValueError
        For fewer than one class or a class twice, numbers out of range, or a length that the
        network cannot take.
    """

    classes: tuple[str, ...]
    body: UNetConfig | DiffWaveConfig
    path: Path = "edm"
    scale: float = 1.0
    softness: float = 0.003
    level_mean: float = -0.8
    level_std: float = 1.4
    anything: float = 0.1
    length: int = 16_384
    sample_rate: int = 16_000

    def __post_init__(self) -> None:
        if isinstance(self.classes, str) or len(set(self.classes)) < max(1, len(self.classes)):
            raise ValueError(f"need one or more different classes, got {self.classes!r}")
        if self.path not in get_args(Path):
            raise ValueError(f"need a path out of {get_args(Path)}, got {self.path!r}")
        for name in ("scale", "softness", "level_std"):
            settle(self, **{name: check_number(getattr(self, name), name, above=0)})
        settle(self, level_mean=check_number(self.level_mean, "level_mean"))
        settle(self, anything=check_number(self.anything, "anything", minimum=0, below=1))
        settle(self, sample_rate=check_count(self.sample_rate, "sample_rate"))
        settle(self, length=check_count(self.length, "length"))
        bands = self.body.bands if isinstance(self.body, UNetConfig) else 1
        if self.length % (bands * self.body.coarsest):
            raise ValueError(
                f"need a length that is a multiple of {bands * self.body.coarsest} samples for "
                f"this network, got {self.length}"
            )

    @property
    def duration(self) -> float:
        """Of every sound, in seconds."""
        return self.length / self.sample_rate
