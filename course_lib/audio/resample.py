"""Changing the sample rate, with scipy's polyphase filter."""

from __future__ import annotations

import math

import scipy.signal

from course_lib.audio.clip import Clip, check_clip, check_length, check_rate


def resample(clip: Clip, sample_rate: int) -> Clip:
    """Return the clip at another sample rate, band-limited to half of the lower one.

    The result has ceil(len(clip) * sample_rate / clip.sample_rate) samples, and may overshoot
    the clip's peak by a little. The filter's gain at half of the lower rate is about 1/2.

    Raises
    ------
    TypeError, ValueError
        For something that is not a Clip, a sample rate that is not a whole number from 1 to
        384,000 Hz, or a result of more than 2^28 samples.
    """
    sample_rate = check_rate(sample_rate)
    if sample_rate == check_clip(clip).sample_rate:
        return clip
    check_length(-(-len(clip) * sample_rate // clip.sample_rate), f"{clip} at {sample_rate} Hz")
    common = math.gcd(sample_rate, clip.sample_rate)
    samples = scipy.signal.resample_poly(
        clip.samples.astype("float64"), sample_rate // common, clip.sample_rate // common
    )
    return Clip(samples, sample_rate)
