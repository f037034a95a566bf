"""Upsampling by a whole factor: put zeros between the samples, then smooth with a kernel.

Zeros between the samples repeat the spectrum at every multiple of the low rate. The kernel is
the filter that ought to keep the original and remove those images; the four here differ in how
well they do it. All have odd length, the middle tap standing for no delay, and a gain of
`factor` at 0 Hz, which makes up for the zeros.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from course_lib.core import SignalLike, check_count, check_number, check_signal


def upsample(
    x: SignalLike, factor: int, kernel: Float[np.ndarray, "taps"]
) -> Float[np.ndarray, "time"]:
    """Return `factor` times as many samples: y[n] = sum_m x[m] kernel[n - m factor + middle].

    Parameters
    ----------
    x : Clip or array of float, shape (time,), zero outside its ends
    factor : whole number
    kernel : an odd number of taps at the high rate, such as `linear_kernel(factor)`

    Raises
    ------
    TypeError, ValueError
        For bad input, a factor below 1, or a kernel with an even number of taps.

    References
    ----------
    Oppenheim and Schafer, Discrete-Time Signal Processing, section "Increasing the sampling
    rate by an integer factor". Notebook: 01.
    """
    x, factor = check_signal(x), check_count(factor, "factor")
    kernel = check_signal(kernel, name="kernel")
    if len(kernel) % 2 == 0:
        raise ValueError(f"need a kernel with an odd number of taps, got {len(kernel)}")
    stuffed = np.zeros(len(x) * factor)
    stuffed[::factor] = x
    middle = len(kernel) // 2
    return np.convolve(stuffed, kernel)[middle : middle + len(stuffed)]


def hold_kernel(factor: int) -> Float[np.ndarray, "taps"]:
    """Return the kernel that repeats each sample: h[n] = 1 for 0 <= n < factor.

    The result is late by (factor - 1) / 2 samples, as a sample-and-hold circuit is.

    Raises
    ------
    TypeError, ValueError
        For a factor that is not a whole number of at least 1.
    """
    n = _positions(check_count(factor, "factor") - 1)
    return np.where(n >= 0, 1.0, 0.0)


def linear_kernel(factor: int) -> Float[np.ndarray, "taps"]:
    """Return the kernel that joins the samples with straight lines: h[n] = 1 - |n| / factor.

    Raises
    ------
    TypeError, ValueError
        For a factor that is not a whole number of at least 1.
    """
    factor = check_count(factor, "factor")
    n = _positions(factor - 1)
    return 1 - np.abs(n) / factor


def gaussian_kernel(factor: int, *, sigma: float = 0.5) -> Float[np.ndarray, "taps"]:
    """Return a Gaussian kernel: h[n] = exp(-n^2 / (2 (sigma factor)^2)), scaled to sum to `factor`.

    Its gain at f times the low sample rate is exp(-2 (pi sigma f)^2), nearly: a wider kernel
    removes more of the images, and of the treble with them. It is cut off at 4 standard
    deviations. Unlike the other three, it does not pass through the original samples.

    Parameters
    ----------
    factor : whole number
    sigma : standard deviation in intervals between the original samples; 0.25 or more, below
        which the images hardly fade

    Raises
    ------
    TypeError, ValueError
        For a factor below 1, or a sigma below 0.25.
    """
    factor, sigma = check_count(factor, "factor"), check_number(sigma, "sigma", minimum=0.25)
    n = _positions(int(np.ceil(4 * sigma * factor)))
    kernel = np.exp(-(n**2) / (2 * (sigma * factor) ** 2))
    return kernel * factor / kernel.sum()


def sinc_kernel(factor: int, *, crossings: int = 16) -> Float[np.ndarray, "taps"]:
    """Return a windowed sinc: h[n] = sinc(n / factor) w[n], with w a Kaiser window (beta = 8).

    sinc(t) = sin(pi t) / (pi t) is the ideal kernel, which removes every image and nothing
    else, but has no end; the window ends it after `crossings` intervals on either side.

    Parameters
    ----------
    factor : whole number
    crossings : how many zero crossings to keep on either side, at least 1

    Raises
    ------
    TypeError, ValueError
        For a factor or number of crossings below 1.

    References
    ----------
    Kaiser (1974), for the window.
    """
    factor = check_count(factor, "factor")
    n = _positions(factor * check_count(crossings, "crossings"))
    return np.sinc(n / factor) * np.kaiser(len(n), 8.0)


def _positions(reach: int) -> Float[np.ndarray, "taps"]:
    return np.arange(-reach, reach + 1, dtype=np.float64)
