"""Test sounds: tones, chirps, pulse trains and noise. Notebook 01 plays them."""

from __future__ import annotations

import numpy as np

from course_lib.audio.clip import Clip, check_length, check_rate
from course_lib.core import check_generator, check_number


def tone(frequency: float, duration: float, sample_rate: int, *, amplitude: float = 0.5) -> Clip:
    """Return a sine: x[n] = amplitude sin(2 pi frequency n / sample_rate).

    Nothing limits the band: a frequency above sample_rate / 2 aliases, as a careless
    converter would make it.

    Parameters
    ----------
    frequency : Hz, 0 or more
    duration : seconds, at least one sample
    sample_rate : Hz
    amplitude : the peak, 0 or more
    """
    return chirp(frequency, frequency, duration, sample_rate, amplitude=amplitude)


def chirp(
    start: float, stop: float, duration: float, sample_rate: int, *, amplitude: float = 0.5
) -> Clip:
    """Return a sine whose frequency glides in a straight line from `start` to `stop`.

    x(t) = amplitude sin(2 pi (start t + (stop - start) t^2 / (2 duration))); the derivative of
    the phase over 2 pi is the frequency at t. As in `tone`, nothing limits the band.

    Parameters
    ----------
    start, stop : Hz, 0 or more
    duration : seconds, at least one sample
    sample_rate : Hz
    amplitude : the peak, 0 or more
    """
    time = _times(duration, sample_rate)
    start, stop = check_number(start, "start", minimum=0), check_number(stop, "stop", minimum=0)
    amplitude = check_number(amplitude, "amplitude", minimum=0)
    cycles = start * time + (stop - start) * time**2 / (2 * duration)
    return Clip(amplitude * np.sin(2 * np.pi * cycles), sample_rate)


def pulse_train(
    frequency: float, duration: float, sample_rate: int, *, amplitude: float = 0.5
) -> Clip:
    """Return a band-limited pulse train, the buzz that a voice's vocal folds make.

    x(t) = amplitude / K * sum_{k=1}^{K} cos(2 pi k frequency t), with K the largest number of
    harmonics below sample_rate / 2, so that nothing aliases; a pulse stands at t = 0.

    Parameters
    ----------
    frequency : pulses per second, above 0 and below sample_rate / 2
    duration : seconds, at least one sample
    sample_rate : Hz
    amplitude : the height of a pulse, 0 or more
    """
    time = _times(duration, sample_rate)
    frequency = check_number(frequency, "frequency", above=0, below=sample_rate / 2)
    amplitude = check_number(amplitude, "amplitude", minimum=0)
    harmonics = int(np.ceil(sample_rate / 2 / frequency)) - 1
    wave = np.zeros(len(time))
    for k in range(1, harmonics + 1):
        wave += np.cos(2 * np.pi * k * frequency * time)
    return Clip(amplitude * wave / harmonics, sample_rate)


def noise(duration: float, sample_rate: int, *, rms: float = 0.1, rng: np.random.Generator) -> Clip:
    """Return white Gaussian noise with standard deviation `rms`.

    Samples are not limited: one in a million lies beyond 4.9 times `rms`.

    Parameters
    ----------
    duration : seconds, at least one sample
    sample_rate : Hz
    rms : the standard deviation, 0 or more

    Raises
    ------
    TypeError, ValueError
        For a setting outside those ranges, or an `rng` that is not a numpy Generator.
    """
    length = len(_times(duration, sample_rate))
    rms = check_number(rms, "rms", minimum=0)
    return Clip(rms * check_generator(rng).standard_normal(length), sample_rate)


def _times(duration: float, sample_rate: int) -> np.ndarray:
    """Return the time of each sample in seconds."""
    sample_rate = check_rate(sample_rate)
    length = round(check_number(duration, "duration", above=0) * sample_rate)
    check_length(length, f"{duration:g} s at {sample_rate} Hz")
    if length < 1:
        raise ValueError(
            f"need a duration of at least one sample, 1 / {sample_rate} s, got {duration} s"
        )
    return np.arange(length) / sample_rate
