"""Frames: short, overlapping stretches of a signal, and their sum."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from course_lib.core import SignalLike, check_count, check_signal, check_values


def hann(length: int) -> Float[np.ndarray, "length"]:
    """Return the periodic Hann window, w[n] = sin^2(pi n / length).

    Copies of it that are length / 2 apart add up to 1; squares of copies that are length / 4
    apart add up to 3 / 2.

    Raises
    ------
    TypeError, ValueError
        For a length that is not a whole number of at least 1.

    References
    ----------
    Harris (1978), "On the use of windows for harmonic analysis with the discrete Fourier
    transform". Notebook: 01.
    """
    length = check_count(length, "length")
    return np.sin(np.pi * np.arange(length) / length) ** 2


def frame(
    x: SignalLike, *, frame_length: int, hop_length: int
) -> Float[np.ndarray, "frames frame_length"]:
    """Return the stretches x[m hop_length : m hop_length + frame_length] that fit inside `x`.

    There are 1 + (len(x) - frame_length) // hop_length of them; samples beyond the last are
    left out. The result is a read-only view into `x` where that is already float64.

    Parameters
    ----------
    x : Clip or array of float, shape (time,)
    frame_length, hop_length : in samples

    Raises
    ------
    TypeError, ValueError
        For bad input, a length or hop that is not a whole number of at least 1, or a signal
        shorter than one frame.
    """
    frame_length = check_count(frame_length, "frame_length")
    hop_length = check_count(hop_length, "hop_length")
    x = check_signal(x)
    if len(x) < frame_length:
        raise ValueError(
            f"need at least one frame of {frame_length} samples, got {len(x)}; "
            "shorten the frame, or lengthen the signal with np.pad"
        )
    return np.lib.stride_tricks.sliding_window_view(x, frame_length)[::hop_length]


def overlap_add(
    frames: Float[np.ndarray, "frames frame_length"], *, hop_length: int
) -> Float[np.ndarray, "time"]:
    """Return the sum of frames that are laid down `hop_length` samples apart.

    y[n] = sum_m frames[m, n - m hop_length]; its length is
    (number of frames - 1) * hop_length + frame_length.

    Raises
    ------
    TypeError, ValueError
        For a hop that is not a whole number of at least 1, or frames that are not a
        two-dimensional array of finite real numbers with at least one value.
    """
    hop_length = check_count(hop_length, "hop_length")
    frames = check_values(frames, "frames", shape=("frames", "frame_length"))
    count, frame_length = frames.shape
    total = np.zeros((count - 1) * hop_length + frame_length)
    for m, values in enumerate(frames):
        total[m * hop_length : m * hop_length + frame_length] += values
    return total
