"""Making many sounds out of few: other sizes, other rooms, other decays of the same hit.

Each change stands for something that another drum or another recording might have done, so that
a label stays true. Plain functions of arrays first; `Variation` draws their settings.

Notebook: 16.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import scipy.signal
import torch
from jaxtyping import Float

from course_lib.audio import Clip, check_clip
from course_lib.core import (
    Batches,
    LabelledBatch,
    SignalLike,
    check_count,
    check_generator,
    check_number,
    check_signal,
)

_FINEST = 64  # largest denominator of a ratio of speeds
_QUIETEST = 80.0  # dB down, at which noise begins


def change_speed(x: SignalLike, semitones: float) -> Float[np.ndarray, "changed"]:
    """Return the sound as a smaller drum, or a tape that runs faster, would make it.

    Frequencies are multiplied by 2^(semitones / 12), right to 1/64^2 or 0.4 cents on average, and
    the duration is divided by that.

    Parameters
    ----------
    x : Clip or array of float, shape (time,)
    semitones : from -24 to 24; below zero for a larger drum

    Raises
    ------
    TypeError, ValueError
        For bad input, or a change out of range.

    Notebook: 16.
    """
    x = check_signal(x)
    semitones = check_number(semitones, "semitones", minimum=-24, maximum=24)
    ratio = Fraction(2 ** (semitones / 12)).limit_denominator(_FINEST)
    return scipy.signal.resample_poly(x, ratio.denominator, ratio.numerator)


def equalise(x: SignalLike, decibels: Sequence[float] | np.ndarray) -> Float[np.ndarray, "time"]:
    """Return the sound through another microphone: a smooth filter without any delay.

    The gain is `decibels` at frequencies an octave apart, the last of them half of the sample
    rate, and straight between them over the logarithm of frequency; below the first it stays.
    The phase is the least that a causal filter with these gains can have: with c the cepstrum of
    ln |H|, ln H is the transform of c at n = 0 and twice that at n > 0.

    Parameters
    ----------
    x : Clip or array of float, shape (time,)
    decibels : one gain or more

    Raises
    ------
    TypeError, ValueError
        For bad input, or gains that are none or not finite.

    References
    ----------
    Oppenheim and Schafer (2010), "Discrete-time signal processing", section 13.4 (minimum phase
    from the real cepstrum). Notebook: 16.
    """
    x = check_signal(x)
    gains = check_signal(np.asarray(decibels, np.float64), name="decibels")
    size = 2 * scipy.fft.next_fast_len(max(len(x), 512), real=True)
    octaves = np.log2(np.maximum(np.arange(size // 2 + 1), 0.5) / (size // 2))
    level = np.interp(octaves, np.arange(1 - len(gains), 1), gains) * np.log(10) / 20
    cepstrum = np.fft.irfft(level, size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    return np.fft.irfft(np.fft.rfft(x, size) * np.exp(np.fft.rfft(cepstrum)), size)[: len(x)]


def damp(x: SignalLike, rate: float, sample_rate: int) -> Float[np.ndarray, "time"]:
    """Return the sound with its decay changed: y[n] = x[n] 10^(-rate n / (20 sample_rate)).

    Parameters
    ----------
    x : Clip or array of float, shape (time,)
    rate : dB a second; a hand on the drum is above zero
    sample_rate : Hz

    Notebook: 16.
    """
    x = check_signal(x)
    slope = check_number(rate, "rate") / check_count(sample_rate, "sample_rate")
    return x * 10 ** (-slope * np.arange(len(x)) / 20)


@dataclass(frozen=True)
class Variation:
    """How much hits are varied: each setting is drawn evenly from minus to plus this.

    Parameters
    ----------
    semitones : of `change_speed`
    decibels : of `equalise`, at half of the sample rate and the seven octaves below
    colour : of the same, standard deviation in dB of the step from each octave to the next: a
        random walk, that makes wholly other microphones, rooms and materials
    damping : of `damp`, dB a second
    level : of the whole sound, dB
    shift : the latest moment at which the sound begins, in seconds, from 0
    noise : white noise is added, between 80 dB and this many dB (rms) below the loudest sample; at
        80, none

    Raises
    ------
    TypeError, ValueError
        For numbers below 0, more than 24 semitones, or noise more than 80 dB down.
    """

    semitones: float = 3.0
    decibels: float = 4.0
    damping: float = 30.0
    level: float = 4.0
    shift: float = 0.004
    colour: float = 0.0
    noise: float = 80.0

    def __post_init__(self) -> None:
        for name in ("semitones", "decibels", "damping", "level", "shift", "colour", "noise"):
            most = {"semitones": 24.0, "noise": _QUIETEST}.get(name)
            check_number(getattr(self, name), name, minimum=0, maximum=most)

    def varied(
        self, clip: Clip, length: int, rng: np.random.Generator
    ) -> Float[np.ndarray, "length"]:
        """Return another hit made of this one: in size, colour, decay, level, sign and start.

        Its loudest sample is as loud as the clip's, give or take `level`, and never beyond full
        scale. What does not fit into `length` samples is faded out in the last 50 ms.
        """
        rate = check_clip(clip).sample_rate
        check_count(length, "length")
        check_generator(rng)
        x = change_speed(clip, rng.uniform(-1, 1) * self.semitones)
        gains = self.decibels * rng.uniform(-1, 1, 8)
        if self.colour:
            gains += np.cumsum(rng.normal(0, self.colour, 8))
        x = equalise(x, gains)
        x = damp(x, rng.uniform(-1, 1) * self.damping, rate)
        start = min(int(rng.uniform(0, self.shift) * rate), length - 1)
        room = length - start
        if len(x) > room:
            fade = min(rate // 20, room)
            x = x[:room]
            x[-fade:] *= np.linspace(1, 0, fade)
        gain = rng.choice([-1, 1]) * 10 ** (rng.uniform(-1, 1) * self.level / 20)
        loudest = np.abs(x).max()
        if loudest > 0:
            gain *= min(clip.peak, 1 / abs(gain)) / loudest
        x = np.pad(x * gain, (start, length - start - len(x)))
        if self.noise < _QUIETEST:
            down = rng.uniform(self.noise, _QUIETEST)
            x += clip.peak * 10 ** (-down / 20) * rng.standard_normal(length)
        return x


def variations(
    clips: Sequence[Clip],
    labels: Sequence[int],
    variation: Variation,
    *,
    length: int,
    size: int,
    seed: int,
) -> Batches:
    """Return batches of varied sounds; a step's batch depends on the seed and the step alone.

    A class is drawn with a probability in proportion to the square root of its number of sounds,
    so that rare ones are heard more often, and then one of its sounds.

    Parameters
    ----------
    clips : the sounds, shape (time,) each
    labels : the class of each, from 0
    variation : how much they are varied
    length : samples that each is cut or filled up to
    size : sounds in a batch
    seed : of the whole run

    Raises
    ------
    TypeError, ValueError
        For no clips, another number of labels, or counts below 1.

    Notebook: 16.
    """
    if not clips or len(clips) != len(labels):
        raise ValueError(
            f"need one clip or more and a label for each, got {len(clips)} and {len(labels)}"
        )
    check_count(length, "length")
    check_count(size, "size")
    check_count(seed, "seed", minimum=0)
    of_clip = np.array([check_count(label, "labels", minimum=0) for label in labels])
    weights = 1 / np.sqrt(np.bincount(of_clip)[of_clip])
    weights /= weights.sum()

    def batch(index: int) -> LabelledBatch:
        rng = np.random.default_rng([seed, index])
        chosen = rng.choice(len(clips), size, p=weights)
        sounds = [variation.varied(clips[i], length, rng) for i in chosen]
        drawn = int(rng.integers(2**31))
        return LabelledBatch(
            torch.from_numpy(np.stack(sounds).astype(np.float32)),
            torch.from_numpy(of_clip[chosen]),
            drawn,
        )

    return batch
