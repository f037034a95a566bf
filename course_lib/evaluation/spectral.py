"""How far one sound is from another, sample by sample and spectrum by spectrum."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from course_lib.core import SignalLike, check_count, check_number, check_signal
from course_lib.features import stft


def snr(reference: SignalLike, estimate: SignalLike) -> float:
    """Return the signal-to-noise ratio in dB.

    SNR = 10 log10(sum_n x[n]^2 / sum_n (x[n] - y[n])^2), with x the reference and y the
    estimate; infinite where they are equal. A delay or a change of level counts as noise.

    Raises
    ------
    TypeError, ValueError
        For bad input, different lengths, or a silent reference.
    """
    x, y = _check_pair(reference, estimate)
    if not x.any():
        raise ValueError("need a reference that is not silent; a ratio to no signal says nothing")
    error = np.sum((x - y) ** 2)
    return float(10 * np.log10(np.sum(x**2) / error)) if error > 0 else np.inf


def si_sdr(reference: SignalLike, estimate: SignalLike) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB.

    SI-SDR = 10 log10(|a x|^2 / |a x - y|^2) with a = x.y / x.x, the best scale: unlike `snr` it
    does not change where the estimate is louder or softer as a whole. A delay still counts.

    Raises
    ------
    TypeError, ValueError
        For bad input, different lengths, or a silent reference or estimate.

    References
    ----------
    Le Roux, Wisdom, Erdogan and Hershey (2019), "SDR: half-baked or well done?", eq. 2-3.
    Notebook: 18.
    """
    x, y = _check_pair(reference, estimate)
    if not x.any() or not y.any():
        raise ValueError("need a reference and an estimate that are not silent")
    wanted = x * (x @ y / (x @ x))
    error, power = float(np.sum((wanted - y) ** 2)), float(np.sum(wanted**2))
    if power == 0:
        return -np.inf
    return float(10 * np.log10(power / error)) if error > 0 else np.inf


def log_spectral_distance(
    reference: SignalLike,
    estimate: SignalLike,
    *,
    window_length: int = 512,
    hop_length: int = 128,
    dynamic_range: float = 80.0,
) -> float:
    """Return the log-spectral distance in dB, blind to phase.

    LSD = mean over frames m of sqrt(mean over bins k of (L_x[m, k] - L_y[m, k])^2), where
    L = 20 log10 |X| of `features.stft`, and levels more than `dynamic_range` dB below the
    reference's loudest point count as lying there, so that inaudible differences near silence
    do not rule the result.

    Parameters
    ----------
    reference, estimate : of one length and sample rate
    window_length, hop_length : in samples
    dynamic_range : dB, above 0

    Raises
    ------
    TypeError, ValueError
        For bad input, different lengths, a silent reference, or settings out of range.

    References
    ----------
    Gray and Markel (1976), "Distance measures for speech processing", for one frame.
    """
    dynamic_range = check_number(dynamic_range, "dynamic_range", above=0)
    levels = [
        np.abs(stft(x, window_length=window_length, hop_length=hop_length))
        for x in _check_pair(reference, estimate)
    ]
    loudest = levels[0].max()
    if loudest == 0:
        raise ValueError("need a reference that is not silent; its loudest point is the scale")
    floor = loudest * 10 ** (-dynamic_range / 20)
    ours, theirs = (20 * np.log10(np.maximum(level, floor)) for level in levels)
    return float(np.sqrt(np.mean((ours - theirs) ** 2, axis=1)).mean())


def image_rejection(upsampled: SignalLike, factor: int, *, window_length: int = 1024) -> float:
    """Return how far the images of an upsampled sound lie below the sound itself, in dB.

    10 log10(energy below f_c / energy above f_c), with f_c half of the low sample rate, that is
    1 / (2 factor) of the high one: what lies above f_c, the original cannot have contained.
    The energies are sums of |X|^2 over the bins of `features.stft`, the one at f_c left out.

    Parameters
    ----------
    upsampled : a sound at `factor` times its original sample rate
    factor : 2 or more
    window_length : in samples; even, and at least 8 * factor

    Raises
    ------
    TypeError, ValueError
        For bad input, silence, or settings out of range.
    """
    factor = check_count(factor, "factor", minimum=2)
    window_length = check_count(window_length, "window_length", minimum=8 * factor)
    x = check_signal(upsampled, squared=True)
    power = np.abs(stft(x, window_length=window_length, hop_length=window_length // 4)) ** 2
    energy = power.sum(axis=0)
    if not energy.any():
        raise ValueError("need a sound that is not silent; silence has no images")
    bins = np.arange(len(energy))
    edge = window_length / (2 * factor)
    below, above = float(energy[bins < edge].sum()), float(energy[bins > edge].sum())
    return float(10 * np.log10(below / above)) if above > 0 else np.inf


def _check_pair(
    reference: SignalLike, estimate: SignalLike
) -> tuple[Float[np.ndarray, "time"], Float[np.ndarray, "time"]]:
    x = check_signal(reference, name="reference", squared=True)
    y = check_signal(estimate, name="estimate", squared=True)
    if len(x) != len(y):
        raise ValueError(
            f"need a reference and an estimate of one length, got {len(x)} and {len(y)} samples"
        )
    return x, y
