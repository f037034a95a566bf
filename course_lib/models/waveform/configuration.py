"""What networks of waveforms are made of, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.core import check_count, settle
from course_lib.features.quantise import LinearQuantiser, MuLaw
from course_lib.models.waveform.mel import MelCondition


class OnMuLawGrid:
    """What configurations share whose networks hear and speak mu-law levels, `levels` of them."""

    levels: int

    @property
    def encoding(self) -> MuLaw:
        """The levels that the network hears and speaks."""
        return MuLaw(self.levels)

    @property
    def silence(self) -> int:
        """The code that stands before a sound's first sample."""
        return self.levels // 2


@dataclass(frozen=True)
class WaveNetConfig:
    """The shape of a WaveNet.

    Parameters
    ----------
    dilations : of the layers, in samples
    channels : of the residual stream, and of the gated units
    skip, head : channels of the sum over layers, and of the hidden layer after it
    levels : of the mu-law input and output; 65536 means 16-bit linear ones
    components : of the mixture of logistics; 0 means a softmax over the levels
    gated, residual, skips : False takes that part out, to hear what it is for
    voices : names of the voices to choose from; none means unconditional
    mel : the frames that a vocoder listens to, or None
    sample_rate : of the sound that it learned, in Hz

    Raises
    ------
    TypeError, ValueError
        For counts below 1, no dilations, or 65536 levels without a mixture (and the reverse).
    """

    dilations: tuple[int, ...]
    channels: int = 48
    skip: int = 128
    head: int = 128
    levels: int = 256
    components: int = 0
    gated: bool = True
    residual: bool = True
    skips: bool = True
    voices: tuple[str, ...] = ()
    mel: MelCondition | None = None
    sample_rate: int = 8000

    def __post_init__(self) -> None:
        if not self.dilations:
            raise ValueError("need at least one dilation, got none; take (1, 2, 4, 8)")
        settle(self, dilations=tuple(check_count(d, "dilation") for d in self.dilations))
        for name in ("channels", "skip", "head", "levels", "sample_rate"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        settle(self, components=check_count(self.components, "components", minimum=0))
        if self.levels == 2**16 and not self.components:
            raise ValueError(
                "need a mixture of logistics for 65536 levels, got no components; "
                "a softmax over them would be the largest part of the network"
            )

    @property
    def encoding(self) -> MuLaw | LinearQuantiser:
        """The levels that the network predicts."""
        return LinearQuantiser(16) if self.levels == 2**16 else MuLaw(self.levels)

    @property
    def silence(self) -> int:
        """The code that stands before a sound's first sample."""
        return self.levels // 2

    @property
    def outputs(self) -> int:
        """Numbers that describe the next sample's probabilities."""
        return 3 * self.components or self.levels
