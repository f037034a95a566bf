"""Resampling keeps what fits under half the new rate, and removes the rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.audio import Clip, resample, tone


@pytest.mark.parametrize(("old", "new"), [(16000, 8000), (8000, 16000), (44100, 16000)])
def test_a_tone_keeps_its_frequency_and_level(old, new):
    converted = resample(tone(1000, 0.25, old), new)
    expected = tone(1000, 0.25, new)
    assert converted.sample_rate == new
    middle = slice(len(expected) // 5, -len(expected) // 5)  # away from the ends
    error = converted.samples[middle] - expected.samples[middle]
    assert np.abs(error).max() < 2e-3


@pytest.mark.parametrize("frequency", [4050, 4200, 6000])
def test_a_tone_above_the_new_limit_goes(frequency):
    heard = tone(frequency, 0.5, 16000)
    left = resample(heard, 8000).samples[500:-500]  # the ends of a tone are no tone
    assert left.std() < 10 ** (-140 / 20) * heard.rms


def test_a_tone_just_below_the_limit_stays():
    heard = tone(3600, 0.5, 16000)
    assert resample(heard, 8000).samples[500:-500].std() == pytest.approx(heard.rms, rel=0.01)


def test_one_rate_is_no_work(tone):
    assert resample(tone, 8000) is tone


@given(length=st.integers(1, 300), old=st.sampled_from([8000, 11025]), new=st.integers(4000, 24000))
def test_the_duration_stays(length, old, new):
    converted = resample(Clip(np.ones(length), old), new)
    assert len(converted) == -(-length * new // old)
    assert np.isfinite(converted.samples).all()


def test_silence_stays_silent():
    assert resample(Clip(np.zeros(100), 8000), 16000).peak == 0


@pytest.mark.parametrize(
    ("rate", "error"), [(0, ValueError), (8000.5, TypeError), (10**9, ValueError)]
)
def test_rates_that_will_not_do(tone, rate, error):
    with pytest.raises(error, match="sample_rate"):
        resample(tone, rate)


def test_a_result_too_long_for_the_memory():
    slow = Clip(np.zeros(100_000), 1)  # a wrong header can say that
    with pytest.raises(
        ValueError, match=r"at most 268435456 samples in .* at 8000 Hz, got 8000000"
    ):
        resample(slow, 8000)
