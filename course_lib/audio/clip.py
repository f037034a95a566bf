"""The Clip: a mono sound that knows its sample rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from course_lib.core import SignalLike, check_count, check_number, check_signal

HIGHEST_RATE = 384_000
"""The highest sample rate in Hz that converters have; the filters for more fill the memory."""

MOST_SAMPLES = 2**28
"""The longest sound: 93 minutes at 48 kHz, which takes about 4 GB of memory to work on."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A mono sound: float32 samples, nominally in [-1, 1], and a sample rate in Hz.

    Samples beyond [-1, 1] are kept (a mix may overshoot); ``audio.write`` refuses them, and
    ``with_peak`` brings them back.

    Raises
    ------
    TypeError
        For integer samples, or a sample rate that is not a whole number.
    ValueError
        For an empty, stereo or non-finite signal (also beyond the range of 32-bit floats), or a
        sample rate below 1 or above 384,000.
    """

    samples: Float[np.ndarray, "time"]
    sample_rate: int

    def __post_init__(self) -> None:
        with np.errstate(over="ignore"):  # beyond float32 is infinite, which the check reports
            samples = check_signal(self.samples, name="clip").astype(np.float32)
        check_signal(samples, name="clip of 32-bit floats")
        samples.setflags(write=False)
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "sample_rate", check_rate(self.sample_rate))

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        return f"Clip({self.duration:.3f} s at {self.sample_rate} Hz, peak {self.peak:.3f})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Clip):
            return NotImplemented
        return self.sample_rate == other.sample_rate and np.array_equal(self.samples, other.samples)

    __hash__ = None  # type: ignore[assignment]

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def peak(self) -> float:
        """The largest absolute sample."""
        return float(np.abs(self.samples).max())

    @property
    def rms(self) -> float:
        """Root mean square level."""
        return float(np.sqrt(np.mean(self.samples.astype(np.float64) ** 2)))

    def with_samples(self, samples: SignalLike) -> Clip:
        """Return other samples at this clip's sample rate."""
        return Clip(check_signal(samples, name="samples"), self.sample_rate)

    def cut(self, start: float, stop: float) -> Clip:
        """Return the part from `start` to `stop`, in seconds.

        Raises
        ------
        TypeError, ValueError
            Where 0 <= start < stop <= duration does not hold, by at least one sample.
        """
        start, stop = check_number(start, "start"), check_number(stop, "stop")
        first, last = round(start * self.sample_rate), round(stop * self.sample_rate)
        if not 0 <= first < last <= len(self.samples):
            raise ValueError(
                f"need 0 <= start < stop <= {self.duration:.3f} s, got {start:g} to {stop:g} s"
            )
        return self.with_samples(self.samples[first:last])

    def with_peak(self, peak: float = 0.9) -> Clip:
        """Return the clip scaled so that its largest absolute sample is `peak` (silence stays)."""
        check_number(peak, "peak", above=0)
        if self.peak == 0:
            return self
        return self.with_samples(self.samples.astype(np.float64) * (peak / self.peak))

    @staticmethod
    def join(clips: Sequence[Clip], *, gap: float = 0.0) -> Clip:
        """Return the clips one after another, with `gap` seconds of silence between them.

        Raises
        ------
        TypeError, ValueError
            For no clips, arrays in place of clips, clips of different sample rates, or a gap
            that is not a number of 0 or more.
        """
        rates = {check_clip(clip).sample_rate for clip in clips}
        if len(rates) != 1:
            raise ValueError(
                f"need one or more clips of one sample rate, got rates {sorted(rates)}; "
                "bring them together with audio.resample"
            )
        rate = rates.pop()
        gap = check_number(gap, "gap", minimum=0)
        silence = np.zeros(check_length(round(gap * rate), f"a gap of {gap:g} s"), np.float32)
        parts = [part for clip in clips for part in (clip.samples, silence)]
        return Clip(np.concatenate(parts[:-1]), rate)


def check_clip(clip: Any) -> Clip:
    """Return a Clip, or say that an array will not do where the sample rate counts."""
    if not isinstance(clip, Clip):
        raise TypeError(
            f"need a Clip, which knows its sample rate, got {type(clip).__name__}; "
            "wrap an array with Clip(samples, sample_rate)"
        )
    return clip


def check_rate(value: Any, name: str = "sample_rate") -> int:
    """Return a sample rate in Hz, a whole number from 1 to 384,000, or say what came instead."""
    rate = check_count(value, name)
    if rate > HIGHEST_RATE:
        raise ValueError(f"need {name} of at most {HIGHEST_RATE} Hz, got {rate}")
    return rate


def check_length(count: int, name: str) -> int:
    """Return a number of samples that fits into memory, or refuse before memory is taken."""
    if count > MOST_SAMPLES:
        raise ValueError(f"need at most {MOST_SAMPLES} samples in {name}, got {count}; shorten it")
    return count
