"""Griffin and Lim's search for a signal with given magnitudes, and its fast version."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from course_lib.core import (
    SignalLike,
    check_count,
    check_generator,
    check_number,
    check_signal,
    check_values,
)
from course_lib.features.stft import check_spectrogram, istft, stft


def griffin_lim(
    magnitude: Float[np.ndarray, "frames bins"],
    *,
    hop_length: int,
    iterations: int = 32,
    momentum: float = 0.99,
    length: int | None = None,
    rng: np.random.Generator,
) -> Float[np.ndarray, "time"]:
    """Return a signal whose `stft` has nearly the given magnitudes; the phases start at random.

    c is a transform; two projections take turns. P2 sets the magnitudes and keeps the phases,
    P2 c = S c / |c|. P1 goes to the nearest transform that a signal can have,
    P1 c = stft(istft(c)). Then

        t_n = P1 P2 c_{n-1},     c_n = t_n + momentum (t_n - t_{n-1})     (c_1 = t_1),

    and the signal is istft(P2 c_N). Momentum 0 is Griffin and Lim's own iteration, whose
    `inconsistency` never increases; 0.99 usually gets further in as many steps.

    Parameters
    ----------
    magnitude : S, 0 or more, shape (frames, bins)
    hop_length : in samples
    iterations : N, 0 or more
    momentum : alpha of the paper, from 0 up to but not including 2
    length : samples to return, as in `istft`

    Raises
    ------
    TypeError, ValueError
        For magnitudes that are not finite, real, 0 or more and of shape (frames, bins), or
        settings out of range.

    References
    ----------
    Griffin and Lim (1984), "Signal estimation from modified short-time Fourier transform";
    Perraudin, Balazs and Søndergaard (2013), "A fast Griffin-Lim algorithm". Notebook: 01.
    """
    magnitude = _check_magnitude(magnitude)
    iterations = check_count(iterations, "iterations", minimum=0)
    momentum = check_number(momentum, "momentum", minimum=0, below=2)
    phase = check_generator(rng).uniform(-np.pi, np.pi, magnitude.shape)
    guess = magnitude * np.exp(1j * phase)
    previous = guess
    window_length = 2 * (magnitude.shape[1] - 1)
    for n in range(iterations):
        signal = istft(_impose(magnitude, guess), hop_length=hop_length, length=length)
        nearest = stft(signal, window_length=window_length, hop_length=hop_length)
        guess = nearest + (momentum if n else 0) * (nearest - previous)
        previous = nearest
    return istft(_impose(magnitude, guess), hop_length=hop_length, length=length)


def inconsistency(
    magnitude: Float[np.ndarray, "frames bins"], x: SignalLike, *, hop_length: int
) -> float:
    """Return how far a signal's magnitudes are from the ones asked for, relative to those.

    || |stft(x)| - S || / || S ||, over the whole circle of frequencies (the bins between the
    first and the last stand for two each).

    Raises
    ------
    TypeError, ValueError
        For bad input, magnitudes that are all zero, or of a shape that is not this signal's.

    References
    ----------
    Griffin and Lim (1984), whose distance this is, normalised. Notebook: 01.
    """
    magnitude = check_values(_check_magnitude(magnitude), "magnitudes", squared=True)
    x = check_signal(x, squared=True)
    ours = np.abs(stft(x, window_length=2 * (magnitude.shape[1] - 1), hop_length=hop_length))
    if ours.shape != magnitude.shape:
        raise ValueError(
            f"need magnitudes of the signal's shape {ours.shape}, got {magnitude.shape}"
        )
    count = np.full(magnitude.shape[1], 2.0)
    count[[0, -1]] = 1
    total = np.sum(count * magnitude**2)
    if total == 0:
        raise ValueError("need magnitudes that are not all zero; silence has no relative error")
    return float(np.sqrt(np.sum(count * (ours - magnitude) ** 2) / total))


def _impose(magnitude: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """Return `transform` with other magnitudes; where it is zero, its phase counts as zero."""
    size = np.abs(transform)
    is_zero = size < np.finfo(np.float64).tiny
    return magnitude * np.where(is_zero, 1, transform / np.where(is_zero, 1, size))


def _check_magnitude(magnitude: np.ndarray) -> np.ndarray:
    magnitude = check_spectrogram(magnitude, np.floating)
    if magnitude.min() < 0:
        raise ValueError(f"need magnitudes of 0 or more, got {magnitude.min():.4g}")
    return magnitude
