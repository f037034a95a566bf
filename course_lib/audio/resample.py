"""Changing the sample rate, by soxr."""

from __future__ import annotations

import numpy as np
import soxr

from course_lib.audio.clip import Clip, check_clip, check_length, check_rate


def resample(clip: Clip, sample_rate: int) -> Clip:
    """Return the clip at another sample rate, band-limited to half of the lower one.

    Up to nine tenths of that half everything stays as it is; what lies above the half, and would
    come back as an alias, is damped by more than 140 dB. The result has
    ceil(len(clip) * sample_rate / clip.sample_rate) samples, and may overshoot the clip's peak by
    a little.

    Raises
    ------
    TypeError, ValueError
        For something that is not a Clip, a sample rate that is not a whole number from 1 to
        384,000 Hz, or a result of more than 2^28 samples.
    """
    sample_rate = check_rate(sample_rate)
    if sample_rate == check_clip(clip).sample_rate:
        return clip
    length = -(-len(clip) * sample_rate // clip.sample_rate)
    check_length(length, f"{clip} at {sample_rate} Hz")
    silence = np.zeros(-(-clip.sample_rate // sample_rate))  # soxr rounds the length, down as well
    samples = soxr.resample(
        np.concatenate([clip.samples, silence]), clip.sample_rate, sample_rate, quality="VHQ"
    )
    return Clip(samples[:length], sample_rate)
