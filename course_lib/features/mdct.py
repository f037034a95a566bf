"""The modified discrete cosine transform: as many coefficients as samples, and nothing lost."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from course_lib.core import SignalLike, check_count, check_signal, check_values
from course_lib.features.frames import frame, overlap_add


def mdct(x: SignalLike, *, bands: int) -> Float[np.ndarray, "frames bands"]:
    """Return the modified discrete cosine transform of a sound, an orthonormal change of basis.

    With N bands, frame m, and windows w_m of 2N samples::

        X[m, k] = sqrt(2 / N) sum_n w_m[n] x[n + m N - N/2]
                  cos(pi / N (n + 1/2 + N/2) (k + 1/2)),      n = 0 ... 2N - 1

    and x zero outside its ends. Frame m is centred on sample (m + 1/2) N, and band k on
    (k + 1/2) sample_rate / (2 N) Hz. Neighbouring windows overlap by half; what each frame alone
    cannot tell, two neighbours tell together. Sums of squares are kept, so white noise stays
    white, and a density over sounds is a density over coefficients.

    Parameters
    ----------
    x : Clip or array of float, shape (time,); as many samples as fill whole frames
    bands : in a frame, N; even

    Returns
    -------
    array of shape (time // bands, bands)

    Raises
    ------
    TypeError, ValueError
        For bad input, an odd number of bands, or a length that is not a multiple of it.

    References
    ----------
    Princen, Johnson and Bradley (1987), "Subband/transform coding using filter bank designs
    based on time domain aliasing cancellation". Notebook: 16.
    """
    x = check_signal(x)
    bands = _check_bands(bands)
    if len(x) % bands:
        raise ValueError(
            f"need a multiple of {bands} samples, got {len(x)}; "
            f"pad the sound with {-len(x) % bands} zeros"
        )
    padded = np.pad(x, bands // 2)
    frames = frame(padded, frame_length=2 * bands, hop_length=bands)
    return frames * mdct_windows(len(frames), bands) @ mdct_basis(bands)


def imdct(coefficients: Float[np.ndarray, "frames bands"]) -> Float[np.ndarray, "time"]:
    """Return the sound whose `mdct` the coefficients are: the transposed change of basis.

    Raises
    ------
    TypeError, ValueError
        For another shape, an odd number of bands, or values that are not finite real numbers.
    """
    coefficients = check_values(coefficients, "coefficients", shape=("frames", "bands"))
    count, bands = len(coefficients), _check_bands(coefficients.shape[1])
    frames = coefficients @ mdct_basis(bands).T * mdct_windows(count, bands)
    return overlap_add(frames, hop_length=bands)[bands // 2 : -(bands // 2)]


def mdct_basis(bands: int) -> Float[np.ndarray, "window bands"]:
    """Return the cosines of `mdct`, before any window, shape (2 * bands, bands)."""
    n, k = np.arange(2 * bands)[:, None], np.arange(bands)
    return np.sqrt(2 / bands) * np.cos(np.pi / bands * (n + 0.5 + bands / 2) * (k + 0.5))


def mdct_windows(frames: int, bands: int) -> Float[np.ndarray, "frames window"]:
    """Return the window of each frame of `mdct`, shape (frames, 2 * bands).

    A sine, w[n] = sin(pi (n + 1/2) / (2 N)), so that w[n]^2 + w[n + N]^2 = 1; before the first
    sample and after the last one it is a step from 0 to 1, since no neighbour overlaps there.
    """
    sine = np.sin(np.pi * (np.arange(2 * bands) + 0.5) / (2 * bands))
    windows = np.tile(sine, (frames, 1))
    step = (np.arange(bands) >= bands // 2).astype(float)
    windows[0, :bands] = step
    windows[-1, bands:] = step[::-1]
    return windows


def _check_bands(bands: int) -> int:
    bands = check_count(bands, "bands", minimum=2)
    if bands % 2:
        raise ValueError(f"need an even number of bands, got {bands}")
    return bands
