"""What a diffusion model of sounds is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, get_args, runtime_checkable

from torch import nn

from course_lib.core import (
    check_count,
    check_number,
    settle,
)
from course_lib.models.diffusion.diffwave import DiffWaveConfig
from course_lib.models.diffusion.transforms import Transform
from course_lib.models.diffusion.unet import UNetConfig

Path: TypeAlias = Literal["edm", "flow"]
"""How a network is trained: by the loss of Karras et al., or by flow matching."""

SIGMA_MIN, SIGMA_MAX = 0.005, 40.0
"""The noise levels between which sounds are drawn and scored, beside tables of unit variance."""


@runtime_checkable
class Body(Protocol):
    """The shape of a network, and all that a model of sounds asks of it."""

    @property
    def multiple(self) -> int:
        """Samples that go together; a sound holds a multiple of them."""

    def shape(self, length: int) -> tuple[int, ...]:
        """Return the shape of what the network sees of one sound."""

    def transform(self, length: int, *, scale: float, softness: float) -> Transform:
        """Return the way from sounds to what the network sees."""

    def build(self, classes: int) -> nn.Module:
        """Return the untrained network: from what is seen, noise level and class to an answer."""

    def describe(self, length: int) -> str:
        """Return in words what the network is, for sounds of so many samples."""


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
    label_dropout : share of the sounds whose class the network is not told in training
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
    label_dropout: float = 0.1
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
        settle(
            self,
            label_dropout=check_number(self.label_dropout, "label_dropout", minimum=0, below=1),
        )
        settle(self, sample_rate=check_count(self.sample_rate, "sample_rate"))
        settle(self, length=check_count(self.length, "length"))
        if self.length % self.body.multiple:
            raise ValueError(
                f"need a length that is a multiple of {self.body.multiple} samples for this "
                f"network, got {self.length}"
            )

    @property
    def duration(self) -> float:
        """Of every sound, in seconds."""
        return self.length / self.sample_rate
