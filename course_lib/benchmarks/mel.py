"""Group `mel`: spectra from mel bands against librosa, and sound from them against the clock.

The sound is held-out speech at 16 kHz, in the frames of the course's vocoder. librosa's
non-negative least squares starts at the clipped pseudo-inverse, and in a bank whose weights are
per hertz its gradients are so small that it may stop right there. A race counts only if our
spectrum is at least as near to the truth as the peer's, and so are its bands.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np

from course_lib.audio import Clip
from course_lib.benchmarks.measure import Missing, Row, if_installed, interleaved, versioned
from course_lib.core import seeded
from course_lib.corpora import speech
from course_lib.features import (
    griffin_lim,
    log_mel,
    magnitude_from_log_mel,
    mel_filter_bank,
    stft,
)

RATE = 16_000
WINDOW, HOP, BANDS = 800, 200, 80
SECONDS = (1, 10)
ITERATIONS = 32

Inverse = Callable[[], np.ndarray]
"""A function that returns magnitudes, shape (frames, bins)."""


def rows() -> Iterator[Row | Missing]:
    """Yield the group's rows."""
    for seconds in SECONDS:
        yield from if_installed("librosa", functools.partial(_against_librosa, held_out(seconds)))
    yield _real_time(held_out(max(SECONDS)))


def held_out(seconds: int) -> Clip:
    """Return the first seconds of the held-out prompts, one after another."""
    clips, length = [], 0
    for prompt in speech(language="en", split="test"):
        clips.append(prompt.load(RATE))
        length += len(clips[-1])
        if length >= seconds * RATE:
            break
    return Clip.join(clips).cut(0, seconds)


def _against_librosa(clip: Clip) -> Iterator[Row]:
    import librosa

    frames = log_mel(clip, window_length=WINDOW, hop_length=HOP, bands=BANDS)
    mel = np.exp(frames).T  # librosa puts the bands first
    yield race(
        f"non-negative magnitudes from {BANDS} mel bands, {clip.duration:.0f} s",
        clip,
        lambda: magnitude_from_log_mel(frames, RATE, WINDOW),
        lambda: librosa.feature.inverse.mel_to_stft(mel, sr=RATE, n_fft=WINDOW, power=1.0).T,
        goal=5.0,
    )


def errors(clip: Clip, magnitude: np.ndarray) -> tuple[float, float]:
    """Return how far magnitudes are from a clip's own, and their bands from its bands.

    || S - |X| || / || |X| ||, and || bank (S - |X|) || / || bank |X| ||.
    """
    truth = np.abs(stft(clip, window_length=WINDOW, hop_length=HOP))
    bank = mel_filter_bank(RATE, WINDOW, bands=BANDS).T
    spectral = np.linalg.norm(magnitude - truth) / np.linalg.norm(truth)
    mel = np.linalg.norm((magnitude - truth) @ bank) / np.linalg.norm(truth @ bank)
    return float(spectral), float(mel)


def race(name: str, clip: Clip, ours: Inverse, theirs: Inverse, *, goal: float) -> Row:
    """Time two ways from mel bands to magnitudes.

    Raises
    ------
    ArithmeticError
        Where our spectral error or that of our bands is above the peer's, or magnitudes are
        negative: then speed means nothing.
    """
    magnitude = ours()  # also warms both up
    if not magnitude.min() >= 0:
        raise ArithmeticError(f"{name}: our smallest magnitude is {magnitude.min():.3g}")
    mine, other = errors(clip, magnitude), errors(clip, theirs())
    for error, their_error, of in zip(mine, other, ("the spectrum", "the bands"), strict=True):
        if not error <= their_error:
            raise ArithmeticError(
                f"{name}: our relative error of {of} is {error:.4g}, the peer's {their_error:.4g}"
            )
    our_seconds, their_seconds = interleaved(ours, theirs)
    ratio = their_seconds / our_seconds
    return Row(
        f"{name}; spectral error {mine[0]:.3f} against {other[0]:.3f}",
        ratio, goal, versioned("librosa"), our_seconds, their_seconds, "s",
    )  # fmt: skip


def _real_time(clip: Clip) -> Row:
    """Compare the seconds of a sound with those that one core takes from mel bands to samples."""
    frames = log_mel(clip, window_length=WINDOW, hop_length=HOP, bands=BANDS)

    def speak() -> np.ndarray:
        magnitude = magnitude_from_log_mel(frames, RATE, WINDOW)
        return griffin_lim(
            magnitude, hop_length=HOP, iterations=ITERATIONS, length=len(clip), rng=seeded(1)
        )

    (seconds,) = interleaved(speak)
    return Row(
        f"mel bands to sound, {ITERATIONS} steps of Griffin and Lim's search, "
        f"{clip.duration:.0f} s at {RATE // 1000} kHz",
        clip.duration / seconds, 10.0, "real time", seconds, clip.duration, "s",
    )  # fmt: skip
