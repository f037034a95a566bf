"""Other tempo at the same pitch, and other pitch at the same tempo."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import scipy.signal

from course_lib.audio.clip import Clip, check_clip
from course_lib.core import check_number

_HOP = 0.016
"""Seconds between the middles of two segments, which are twice as long."""

_TOLERANCE = 0.008
"""Seconds that a segment may be moved, so that voices down to 1 / 0.016 Hz find their period."""


def change_tempo(clip: Clip, factor: float) -> Clip:
    """Return the clip `factor` times as fast, at its own pitch (WSOLA).

    y[n] = sum_k w[n - k S] x[n - k S + s_k],   s_k = round(factor k S) + d_k:

    segments of x under Hann windows of 2 S samples, S = 16 ms apart. Each is moved by d_k, at
    most 8 ms, so that it is as similar as can be (normalised cross-correlation) to what followed
    the segment before it, x from s_{k-1} + S. So waves of a voice meet in phase. In noise, which
    resembles nothing, segments overlap out of phase, and the level falls by 1 dB or so.

    Parameters
    ----------
    clip : the sound
    factor : from 1/4 to 4; 2 is twice as fast. The result has len(clip) / factor samples,
        rounded, but at least one. 1 returns the clip itself.

    References
    ----------
    Verhelst and Roelands (1993), "An overlap-add technique based on waveform similarity (WSOLA)
    for high quality time-scale modification of speech". Notebook: 13.
    """
    factor = check_number(factor, "factor", minimum=0.25, maximum=4)
    check_clip(clip)
    if factor == 1:
        return clip
    hop = max(1, round(_HOP * clip.sample_rate))
    reach = round(_TOLERANCE * clip.sample_rate)
    length = max(1, round(len(clip) / factor))
    count = 2 + length // hop
    before = hop + reach  # so that the middle of segment 0 is the clip's first sample
    furthest = 4 * hop + 2 * reach + round(factor * count * hop)
    after = max(0, furthest - before - len(clip))
    x = np.pad(clip.samples.astype(np.float64), (before, after))
    window = scipy.signal.windows.hann(2 * hop, sym=False)  # copies a hop apart add up to 1
    total = np.zeros((count + 1) * hop)
    start = reach
    for k in range(count):
        if k:
            start = _most_similar(x, start + hop, reach + round(factor * k * hop), reach, 2 * hop)
        total[k * hop : (k + 2) * hop] += window * x[start : start + 2 * hop]
    return clip.with_samples(total[hop : hop + length])


def change_pitch(clip: Clip, semitones: float) -> Clip:
    """Return the clip with all frequencies times 2^(semitones / 12), as long as it was.

    The tempo falls by that ratio (`change_tempo`), and reading the samples faster by it restores
    the tempo and raises the pitch. Formants move along, as if the speaker were smaller. What
    comes to lie above half of the sample rate is filtered out.

    Parameters
    ----------
    clip : the sound
    semitones : from -24 to 24; 0 returns the clip itself. The ratio is right to 1 cent.
    """
    semitones = check_number(semitones, "semitones", minimum=-24, maximum=24)
    check_clip(clip)
    if semitones == 0:
        return clip
    ratio = Fraction(2 ** (semitones / 12)).limit_denominator(1000)
    slower = change_tempo(clip, float(1 / ratio)).samples.astype(np.float64)
    samples = scipy.signal.resample_poly(slower, ratio.denominator, ratio.numerator)
    missing = max(0, len(clip) - len(samples))  # a sample or two, from rounding lengths
    return clip.with_samples(np.pad(samples, (0, missing))[: len(clip)])


def _most_similar(x: np.ndarray, wanted: int, middle: int, reach: int, length: int) -> int:
    """Return the start, within `reach` of `middle`, of the stretch most like that at `wanted`."""
    near = x[middle - reach : middle + reach + length]
    match = np.correlate(near, x[wanted : wanted + length])
    energy = np.correlate(near**2, np.ones(length))
    similarity = match / np.sqrt(energy + np.finfo(float).tiny)
    best = np.flatnonzero(similarity == similarity.max())  # several in silence: move the least
    return middle - reach + int(best[np.abs(best - reach).argmin()])
