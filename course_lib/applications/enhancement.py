"""Speech out of noise: a gain for each frequency and frame, and a Kalman smoother for each sample.

We hear y = x + v, a voice in noise that has nothing to do with it, and want x. The Wiener filter
asks of each frequency how much of its power is voice. The Kalman smoother asks of each sample what
it was, given all of y, an AR model of the voice that changes from frame to frame, and the variance
of white noise. Both must first find out how loud the noise is: nobody speaks all the time, so the
quietest frames tell.

Notebook: 18.

References
----------
Ephraim and Malah (1984), "Speech enhancement using a minimum mean-square error short-time spectral
amplitude estimator", IEEE Trans. ASSP 32(6); Paliwal and Basu (1987), "A speech enhancement method
based on Kalman filtering", ICASSP; Lim and Oppenheim (1978), "All-pole modeling of degraded
speech", IEEE Trans. ASSP 26(3).
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
from jaxtyping import Float

from course_lib.audio import Clip, check_clip
from course_lib.core import check_count, check_number, check_order, check_signal
from course_lib.features import istft, stft
from course_lib.features.frames import frame, hann
from course_lib.kernels.ar import autocorrelation_frames, levinson_frames

WINDOW, HOP = 0.032, 0.008
"""Seconds of a frame, in which a voice hardly changes, and from frame to frame."""

MEMORY = 0.98
"""How much of a frame's share of voice is taken over from the frame before it.

Ephraim and Malah (1984), eq. 51, with their 0.98: without it single points of the spectrum
flicker, which sounds like little bells ("musical noise")."""

FLOOR = 0.05
"""No gain is smaller, so that what is left of the noise is even: 26 dB lower."""

QUIET = 0.1
"""The share of frames that count as noise alone."""


def quietest(power: Float[np.ndarray, "frames bins"]) -> Float[np.ndarray, "bins"]:
    """Return the mean power spectrum of the quietest tenth of the frames: that of the noise.

    Raises
    ------
    ValueError
        For powers that are not finite and 0 or more, or no frames.
    """
    if power.ndim != 2 or not power.size or not (np.isfinite(power) & (power >= 0)).all():
        raise ValueError("need finite powers of shape (frames, bins), 0 or more, and one frame")
    order = np.argsort(power.sum(axis=1), kind="stable")
    return power[order[: max(1, round(QUIET * len(power)))]].mean(axis=0)


def wiener_gains(
    power: Float[np.ndarray, "frames bins"], noise: Float[np.ndarray, "bins"]
) -> Float[np.ndarray, "frames bins"]:
    """Return the share of each frequency that is kept, frame after frame.

    With the power ratio of voice to noise, xi, the best linear estimate keeps xi / (1 + xi) of
    what it hears. What is seen of xi in one frame is rough, so that of the frame before counts,
    too ("decision-directed")::

        xi_m = a G_(m-1)^2 |Y_(m-1)|^2 / N + (1 - a) max(|Y_m|^2 / N - 1, 0)
        G_m  = max(xi_m / (1 + xi_m), floor)

    Parameters
    ----------
    power : |Y|^2, of the noisy sound
    noise : N, above 0

    Raises
    ------
    ValueError
        For a noise of another length, or that is not finite and above 0.

    References
    ----------
    Ephraim and Malah (1984), eq. 51, with a = 0.98 and a Wiener gain. Notebook: 18.
    """
    if noise.shape != power.shape[1:] or not (np.isfinite(noise) & (noise > 0)).all():
        raise ValueError(f"need a noise above 0 for each of {power.shape[1]} bins")
    gains = np.empty_like(power)
    before = np.maximum(power[0] / noise - 1, 0)  # as if the voice had gone on for ever
    for m, heard in enumerate(power / noise):
        xi = MEMORY * before + (1 - MEMORY) * np.maximum(heard - 1, 0)
        gains[m] = np.maximum(xi / (1 + xi), FLOOR)
        before = gains[m] ** 2 * heard
    return gains


def wiener(clip: Clip) -> Clip:
    """Return a recording with its steady noise turned down, frequency by frequency.

    The noise is that of the quietest tenth of the frames; the phases stay as they are.

    Raises
    ------
    TypeError, ValueError
        For something other than a Clip, or a silent one.
    """
    window, hop = _frames_of(clip)
    transform = stft(clip, window_length=window, hop_length=hop)
    power = np.abs(transform) ** 2
    noise = np.maximum(quietest(power), 1e-10 * power.mean())  # digital silence is no noise
    cleaned = istft(wiener_gains(power, noise) * transform, hop_length=hop, length=len(clip))
    return clip.with_samples(cleaned.astype(np.float32))


def smooth(
    noisy: Float[np.ndarray, "time"],
    phi: Float[np.ndarray, "frames order"],
    innovations: Float[np.ndarray, "frames"],
    noise: float,
    *,
    hop_length: int,
) -> Float[np.ndarray, "time"]:
    """Return E[x | y], what a Kalman smoother says of an AR process heard in white noise.

    With x[t] = sum_k phi[t, k] x[t-1-k] + e[t], zero before the beginning, and y = x + v::

        -2 log p(x | y) = sum_t e[t]^2 / q[t] + (y[t] - x[t])^2 / r + ...

    is a parabola in x, whose lowest point solves (A' Q^-1 A + I / r) x = y / r. A has a 1 on its
    diagonal and -phi beside it, so the matrix has `order` diagonals on either side, and is solved
    in (order + 1)^2 steps a sample, as many as a Kalman filter takes; forward elimination is the
    filter, and back substitution the smoother.

    Parameters
    ----------
    noisy : y
    phi, innovations : coefficients, and variances q above 0, of each frame; frame m stands at
        sample m * hop_length, and each sample takes the nearest
    noise : variance r, above 0
    hop_length : samples from frame to frame

    Raises
    ------
    TypeError, ValueError
        For bad input, not one variance for each frame, or variances that are not above 0.

    References
    ----------
    Paliwal and Basu (1987) for speech; Fahrmeir and Kaufmann (1991), "On Kalman filtering,
    posterior mode estimation and Fisher scoring in dynamic exponential family regression", for
    the banded matrix. Notebook: 18.
    """
    y = check_signal(noisy)
    noise, hop_length = check_number(noise, "noise", above=0), check_count(hop_length, "hop_length")
    if phi.ndim != 2 or not len(phi) or innovations.shape != phi.shape[:1]:
        raise ValueError(
            "need phi of shape (frames, order) and a variance for each frame, got shapes "
            f"{phi.shape} and {innovations.shape}"
        )
    if not np.isfinite(phi).all() or not (np.isfinite(innovations) & (innovations > 0)).all():
        raise ValueError("need finite phi, and innovations that are finite and above 0")
    # Rows of A, divided by the standard deviation of what drives each sample
    length, order = len(y), phi.shape[1]
    nearest = np.minimum((np.arange(length) + hop_length // 2) // hop_length, len(phi) - 1)
    rows = np.concatenate((np.ones((len(phi), 1)), -phi), axis=1) / np.sqrt(innovations)[:, None]
    taps = np.zeros((order + 1, length + order))  # zeros behind the end: no samples follow
    taps[:, :length] = rows[nearest].T
    # Diagonals of A' Q^-1 A + I / r: sample t - j is heard by sample t through tap j
    band = np.zeros((order + 1, length))
    for k in range(order + 1):
        for j in range(k, order + 1):
            band[k] += taps[j, j : j + length] * taps[j - k, j : j + length]
    band[0] += 1 / noise
    return scipy.linalg.solveh_banded(band, y / noise, lower=True)


def kalman(clip: Clip, *, order: int = 16, rounds: int = 2) -> Clip:
    """Return a recording out of white noise, by AR models of its frames and a Kalman smoother.

    The models would have to be fitted to the voice that we are looking for. So they are fitted to
    what the Wiener filter makes of it, and in each later round to what the smoother has found.

    Parameters
    ----------
    clip : a voice in noise that is white or nearly so
    order : coefficients of each frame
    rounds : of fitting and smoothing

    Raises
    ------
    TypeError, ValueError
        For something other than a Clip, a silent one, an order beyond a frame, or no rounds.
    """
    window, hop = _frames_of(clip)
    order, rounds = check_order(order, window, minimum=1), check_count(rounds, "rounds")
    power = np.abs(stft(clip, window_length=window, hop_length=hop)) ** 2
    noise = float(quietest(power).mean() / np.square(hann(window)).sum())
    noise = max(noise, 1e-10 * float(np.mean(np.square(clip.samples, dtype=np.float64))))
    found = wiener(clip).samples.astype(np.float64)
    for _ in range(rounds):
        phi, innovations = frame_models(found, order, window_length=window, hop_length=hop)
        innovations = np.maximum(innovations, 1e-3 * noise)  # where it is silent, nearly zero
        found = smooth(clip.samples, phi, innovations, noise, hop_length=hop)
    return clip.with_samples(found.astype(np.float32))


def frame_models(
    x: Float[np.ndarray, "time"], order: int, *, window_length: int, hop_length: int
) -> tuple[Float[np.ndarray, "frames order"], Float[np.ndarray, "frames"]]:
    """Return the AR coefficients and innovation variances of frames, by the autocorrelation method.

    Parameters
    ----------
    x : the sound
    order : coefficients of each frame
    window_length, hop_length : in samples; frame m is centred on sample m * hop_length

    Raises
    ------
    TypeError, ValueError
        For bad input, or an order beyond the window.
    """
    x = check_signal(x)
    window_length = check_count(window_length, "window_length")
    order = check_order(order, window_length, minimum=1)
    window = hann(window_length)
    padded = np.pad(x, (window_length // 2, window_length - window_length // 2))
    framed = frame(padded, frame_length=window_length, hop_length=hop_length) * window
    phi, _, variances = levinson_frames(autocorrelation_frames(framed, order))
    return phi, variances[:, -1] / np.square(window).mean()


def _frames_of(clip: Clip) -> tuple[int, int]:
    """Return the window and hop of a clip in samples, or say why it cannot be cleaned."""
    if not check_clip(clip).samples.any():
        raise ValueError("need a clip that is not silent, got zeros; there is nothing to clean")
    hop = max(round(HOP * clip.sample_rate), 1)
    return round(WINDOW / HOP) * hop, hop
