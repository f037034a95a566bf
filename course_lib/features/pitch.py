"""The fundamental frequency of a voice, frame by frame, by the YIN method."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from course_lib.audio import Clip
from course_lib.core import SignalLike, check_count, check_number, check_signal

SILENCE_DB = -50.0
"""A frame this far below the clip's loudest is unvoiced, whatever its shape."""


def difference_function(
    x: SignalLike, *, longest_period: int, window_length: int, hop_length: int
) -> Float[np.ndarray, "frames periods"]:
    """Return how badly each frame repeats after each period, in squared amplitude.

    d_t(tau) = sum over j of (x[j] - x[j + tau])^2, for tau = 0 ... longest_period, where the
    window of W = `window_length` summands is centred on sample t * `hop_length` together with
    its shifted copy, and x is zero outside its ends. There are 1 + len(x) // hop_length frames.

    Raises
    ------
    TypeError, ValueError
        For bad input, or a setting that is not a whole number of at least 1.

    References
    ----------
    de Cheveigné and Kawahara (2002), eq. 6. Notebook: 03.
    """
    samples = check_signal(x, squared=True)
    longest_period = check_count(longest_period, "longest_period")
    window_length = check_count(window_length, "window_length")
    hop_length = check_count(hop_length, "hop_length")
    centres = np.arange(1 + len(samples) // hop_length) * hop_length
    margin = longest_period + window_length
    padded = np.pad(samples, margin)
    d = np.zeros((len(centres), longest_period + 1))
    for tau in range(1, longest_period + 1):
        # Running sums make every window of the clip cost one subtraction.
        total = np.cumsum((padded[:-tau] - padded[tau:]) ** 2)
        start = centres + margin - tau // 2 - window_length // 2
        d[:, tau] = total[start + window_length - 1] - total[start - 1]
    return np.maximum(d, 0.0)  # the subtraction may leave a rounding error below zero


def cumulative_mean_normalised(
    d: Float[np.ndarray, "frames periods"],
) -> Float[np.ndarray, "frames periods"]:
    """Return the difference function divided by its running mean over shorter periods.

    d'(0) = 1 and d'(tau) = d(tau) / [(1 / tau) sum_{j=1}^{tau} d(j)]: it starts at 1, so that no
    search can fall into the dip at tau = 0, and it has no unit, so that one threshold serves
    loud and soft frames. A frame of constant samples (d = 0) gets 1 everywhere: no period.

    References
    ----------
    de Cheveigné and Kawahara (2002), eq. 8. Notebook: 03.
    """
    tau = np.arange(1, d.shape[1])
    running_mean = np.cumsum(d[:, 1:], axis=1) / tau
    normalised = np.ones_like(d)
    np.divide(d[:, 1:], running_mean, out=normalised[:, 1:], where=running_mean > 0)
    return normalised


def track_pitch(
    clip: Clip,
    *,
    hop_length: int = 80,
    lowest: float = 70.0,
    highest: float = 500.0,
    threshold: float = 0.2,
) -> Float[np.ndarray, "frames"]:
    """Return the fundamental frequency of a voice in Hz, NaN where there is none.

    Frame t is centred on sample t * `hop_length`; there are 1 + len(clip) // hop_length. The
    sound is smoothed over 1 ms. Each frame takes the first period between sample_rate / highest
    and sample_rate / lowest whose normalised difference d'(tau) has a local minimum below
    `threshold`; where none has, or the frame lies 50 dB under the loudest, it is unvoiced. A
    frame that jumps away from its neighbours' median looks again near that median, so that few
    octave errors survive, and a voiced stretch of one or two frames is dropped. A parabola
    through d refines the period.

    Parameters
    ----------
    clip : the sound; Hz need its sample rate, so that an array will not do
    hop_length : samples from frame to frame
    lowest, highest : the range searched, in Hz
    threshold : between 0 and 1; higher finds more voice, and more false voice

    Raises
    ------
    TypeError
        For anything but a Clip, or a setting of the wrong type.
    ValueError
        Where 0 < lowest < highest < sample_rate / 4 does not hold, or threshold is not
        between 0 and 1.

    References
    ----------
    de Cheveigné and Kawahara (2002), YIN, a fundamental frequency estimator for speech and
    music, J. Acoust. Soc. Am. 111(4), steps 2 to 6. Notebook: 03.
    """
    if not isinstance(clip, Clip):
        raise TypeError(
            f"need a Clip, got {type(clip).__name__}; "
            "pitch in Hz needs a sample rate: Clip(samples, 8000)"
        )
    rate = clip.sample_rate
    hop_length = check_count(hop_length, "hop_length")
    highest = check_number(highest, "highest", above=0, below=rate / 4)
    lowest = check_number(lowest, "lowest", above=0, below=highest)
    threshold = check_number(threshold, "threshold", above=0, below=1)
    shortest, longest = int(rate / highest), int(np.ceil(rate / lowest))
    window = round(0.025 * rate)
    samples = _smoothed(clip.samples.astype(np.float64), round(0.001 * rate))
    d = difference_function(
        samples, longest_period=longest + 1, window_length=window, hop_length=hop_length
    )
    normalised = cumulative_mean_normalised(d)
    period = _first_dip(normalised, shortest, longest, threshold)
    period[_is_silent(samples, window, hop_length, len(d))] = 0
    period = _near_neighbours(period, normalised, threshold)
    _drop_short_runs(period, minimum=3)
    voiced = np.flatnonzero(period)
    frequency = np.full(len(d), np.nan)
    frequency[voiced] = rate / _parabolic_minimum(d[voiced], period[voiced])
    return frequency


def _smoothed(samples: np.ndarray, width: int) -> np.ndarray:
    """Return the samples under a low-pass filter (a Hann window of 2 `width` samples).

    A sharp pulse that falls between two samples would not match its own repetition.
    """
    kernel = np.hanning(2 * width + 1)
    return np.convolve(samples, kernel / kernel.sum(), mode="full")[width : width + len(samples)]


def _first_dip(
    normalised: Float[np.ndarray, "frames periods"], shortest: int, longest: int, threshold: float
) -> np.ndarray:
    """Return the first local minimum below the threshold in each frame, 0 where there is none."""
    here = normalised[:, shortest : longest + 1]
    before = normalised[:, shortest - 1 : longest]
    after = normalised[:, shortest + 1 : longest + 2]
    dip = (here < threshold) & (here <= before) & (here < after)
    return np.where(dip.any(axis=1), shortest + dip.argmax(axis=1), 0)


def _is_silent(samples: np.ndarray, window: int, hop_length: int, frames: int) -> np.ndarray:
    """Return where a frame's power is SILENCE_DB below the loudest frame's."""
    total = np.concatenate([[0.0], np.cumsum(samples**2)])
    centres = np.arange(frames) * hop_length
    first = np.clip(centres - window // 2, 0, len(samples))
    power = total[np.clip(first + window, 0, len(samples))] - total[first]
    return np.asarray(power <= power.max() * 10 ** (SILENCE_DB / 10))


def _near_neighbours(
    period: np.ndarray, normalised: np.ndarray, threshold: float, *, reach: int = 8
) -> np.ndarray:
    """Move outliers (20 % off their neighbours' median) to the best dip near that median."""
    moved = period.copy()
    for t in np.flatnonzero(period):
        around = period[max(t - reach, 0) : t + reach + 1]
        median = np.median(around[around > 0])
        if 0.8 < period[t] / median < 1.25:
            continue
        low, high = int(0.8 * median), int(1.25 * median) + 1
        candidate = low + int(np.argmin(normalised[t, low : high + 1]))
        moved[t] = candidate if normalised[t, candidate] < 2 * threshold else 0
    return moved


def _drop_short_runs(period: np.ndarray, minimum: int) -> None:
    """Set voiced stretches of fewer than `minimum` frames to 0, in place."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], period > 0, [0]]).astype(int)))
    for start, stop in edges.reshape(-1, 2):
        if stop - start < minimum:
            period[start:stop] = 0


def _parabolic_minimum(d: np.ndarray, period: np.ndarray) -> np.ndarray:
    """Return the abscissa of the parabola through d at period - 1, period and period + 1."""
    before, here, after = (
        np.take_along_axis(d, (period + i)[:, None], 1)[:, 0] for i in (-1, 0, 1)
    )
    curvature = before - 2 * here + after
    shift = np.divide(before - after, 2 * curvature, out=np.zeros_like(here), where=curvature > 0)
    return period + np.clip(shift, -0.5, 0.5)
