"""The short-time Fourier transform and its least-squares inverse."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Float

from course_lib.core import SignalLike, check_count, check_signal
from course_lib.core.checks import as_array
from course_lib.features.frames import frame, hann, overlap_add


def stft(
    x: SignalLike, *, window_length: int, hop_length: int
) -> Complex[np.ndarray, "frames bins"]:
    """Return the short-time Fourier transform with a Hann window.

    X[m, k] = sum_n w[n] x[n + m hop - window_length / 2] exp(-2 pi i k n / window_length), for
    k = 0 ... window_length / 2, with x zero outside its ends: frame m is centred on sample
    m * hop_length, at m * hop_length / sample_rate seconds, and bin k lies at
    k * sample_rate / window_length Hz.

    Parameters
    ----------
    x : Clip or array of float, shape (time,)
    window_length : in samples; even
    hop_length : in samples; at most half of the window, so that `istft` can undo it

    Returns
    -------
    array of complex, shape (1 + time // hop_length, 1 + window_length // 2)

    Raises
    ------
    TypeError, ValueError
        For bad input, an odd window, or a hop outside 1 ... window_length / 2.

    References
    ----------
    Allen and Rabiner (1977), "A unified approach to short-time Fourier analysis and synthesis".
    Notebook: 01.
    """
    window_length, hop_length = check_windows(window_length, hop_length)
    padded = np.pad(check_signal(x), window_length // 2)
    frames = frame(padded, frame_length=window_length, hop_length=hop_length)
    return np.fft.rfft(frames * hann(window_length))


def istft(
    transform: Complex[np.ndarray, "frames bins"], *, hop_length: int, length: int | None = None
) -> Float[np.ndarray, "time"]:
    """Return the signal whose `stft` is nearest to `transform` in the least-squares sense.

    x[n] = sum_m w[n - m hop] y_m[n - m hop] / sum_m w[n - m hop]^2, with y_m the inverse
    transform of frame m. For the transform of a signal, that is the signal itself.

    Parameters
    ----------
    transform : shape (frames, bins); it need not be the transform of any signal
    hop_length : the hop that `transform` was made with, in samples
    length : samples to return, from (frames - 1) * hop_length (the default, or 1 for a single
        frame) to frames * hop_length - 1, which all have that many frames

    Raises
    ------
    TypeError, ValueError
        For a transform that is not finite, complex and of two dimensions, with 2 bins or more,
        or a hop or length that it cannot have been made with.

    References
    ----------
    Griffin and Lim (1984), eq. 6. Notebook: 01.
    """
    transform = check_spectrogram(transform, np.complexfloating)
    count, window_length = len(transform), 2 * (transform.shape[1] - 1)
    window_length, hop_length = check_windows(window_length, hop_length)
    shortest = max(1, (count - 1) * hop_length)
    length = shortest if length is None else check_count(length, "length")
    if not shortest <= length < count * hop_length:
        raise ValueError(
            f"need a length from {shortest} to {count * hop_length - 1} samples for {count} "
            f"frames at a hop of {hop_length}, got {length}"
        )
    window = hann(window_length)
    frames = np.fft.irfft(transform, n=window_length) * window
    weights = np.broadcast_to(window**2, frames.shape)
    middle = slice(window_length // 2, window_length // 2 + length)
    total = overlap_add(frames, hop_length=hop_length)[middle]
    return total / overlap_add(weights, hop_length=hop_length)[middle]


def check_windows(window_length: int, hop_length: int) -> tuple[int, int]:
    """Return a window and a hop, in samples, or say what is wrong with them."""
    window_length = check_count(window_length, "window_length", minimum=2)
    hop_length = check_count(hop_length, "hop_length")
    if window_length % 2:
        raise ValueError(f"need an even window_length, got {window_length}")
    if hop_length > window_length // 2:
        raise ValueError(
            f"need a hop_length of at most half the window, {window_length // 2}, "
            f"got {hop_length}; longer hops would lose samples between windows"
        )
    return window_length, hop_length


def check_spectrogram(values: np.ndarray, kind: type[np.inexact]) -> np.ndarray:
    """Return a finite array of shape (frames, bins), of real or complex numbers as `kind` says."""
    values = as_array(values, "spectrogram")
    if values.ndim != 2 or len(values) == 0 or values.shape[1] < 2:
        raise ValueError(f"need shape (frames, bins) with 2 bins or more, got {values.shape}")
    if not np.issubdtype(values.dtype, kind):
        raise TypeError(f"need {kind.__name__} values, got {values.dtype}")
    if not np.isfinite(values).all():
        raise ValueError("need finite values, got NaN or infinity")
    return values
