"""Clip: what it holds, what it refuses, and what cutting, scaling and joining do."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib.audio import Clip, resample, write

waves = arrays(np.float64, st.integers(1, 200), elements=st.floats(-2, 2))


@given(x=waves, rate=st.integers(1, 200_000))
def test_samples_become_float32_of_their_own(x, rate):
    clip = Clip(x, rate)
    assert clip.samples.dtype == np.float32
    np.testing.assert_array_equal(clip.samples, x.astype(np.float32))
    assert not np.shares_memory(clip.samples, x)
    assert len(clip) == len(x)
    assert clip.duration == len(x) / rate


def test_nobody_can_change_a_clip(tone):
    with pytest.raises(ValueError, match="read-only"):
        tone.samples[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        tone.sample_rate = 4000


def test_changing_the_source_does_not_change_the_clip():
    source = np.zeros(4, np.float32)
    clip = Clip(source, 8000)
    source[:] = 1
    assert clip.peak == 0


@pytest.mark.parametrize(
    ("samples", "error", "says"),
    [
        ([], ValueError, "at least 1 sample in clip, got 0"),
        (np.zeros((2, 100)), ValueError, "need a mono clip"),
        (np.array([0.0, np.nan]), ValueError, "got nan at index 1"),
        (np.array([np.inf]), ValueError, "got inf at index 0"),
        (np.array([1e300]), ValueError, "32-bit floats, got inf"),
        (np.arange(4, dtype=np.int16), TypeError, "x / 32768.0"),
        (np.array([True]), TypeError, "floating-point"),
        (np.array([1j]), TypeError, "floating-point"),
        ("sound.wav", ValueError, "mono clip"),
        (np.float64(0.5), ValueError, "mono clip"),
    ],
)
def test_samples_that_will_not_do(samples, error, says):
    with pytest.raises(error, match=says):
        Clip(samples, 8000)


@pytest.mark.parametrize(
    ("rate", "error"),
    [(0, ValueError), (-8000, ValueError), (384_001, ValueError), (8000.0, TypeError)],
)
def test_sample_rates_that_will_not_do(rate, error):
    with pytest.raises(error, match="sample_rate"):
        Clip(np.zeros(3), rate)


def test_peak_rms_and_description():
    clip = Clip(np.array([0.5, -1.0, 0.5, 0.0]), 4)
    assert clip.peak == 1.0
    assert clip.rms == pytest.approx(np.sqrt(1.5 / 4))
    assert repr(clip) == "Clip(1.000 s at 4 Hz, peak 1.000)"


def test_equality_is_of_samples_and_rate(tone):
    assert tone == Clip(tone.samples, 8000)
    assert tone != Clip(tone.samples, 4000)
    assert tone != tone.cut(0, 0.1)
    assert tone != "a tone"
    with pytest.raises(TypeError, match="unhashable"):
        hash(tone)


def test_cut(tone):
    part = tone.cut(0.125, 0.25)
    np.testing.assert_array_equal(part.samples, tone.samples[1000:2000])
    assert part.sample_rate == 8000
    assert tone.cut(0, tone.duration) == tone


@pytest.mark.parametrize("span", [(0.2, 0.1), (0, 0), (-0.1, 0.2), (0, 0.6), (0, 1e-6)])
def test_cuts_that_will_not_do(tone, span):
    with pytest.raises(ValueError, match=r"0 <= start < stop <= 0\.500 s"):
        tone.cut(*span)


def test_cuts_at_no_number(tone):
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="stop"):
            tone.cut(0, bad)
    with pytest.raises(TypeError, match="start"):
        tone.cut("0", 1)


@given(x=waves, peak=st.floats(1e-3, 1))
def test_scaling_to_a_peak(x, peak):
    scaled = Clip(x, 8000).with_peak(peak)
    if np.abs(x.astype(np.float32)).max() == 0:
        assert scaled.peak == 0
    else:
        assert scaled.peak == pytest.approx(peak, rel=1e-6)
        assert scaled.peak <= 1


def test_scaling_reaches_the_quietest_clip():
    assert Clip(np.array([1e-45], np.float32), 8000).with_peak(0.5).peak == 0.5


@pytest.mark.parametrize("peak", [0, -1, np.nan, np.inf])
def test_peaks_that_will_not_do(tone, peak):
    with pytest.raises(ValueError, match="peak"):
        tone.with_peak(peak)


def test_joining_with_silence(tone):
    joined = Clip.join([tone, tone], gap=0.1)
    assert len(joined) == 2 * 4000 + 800
    np.testing.assert_array_equal(joined.samples[4000:4800], 0)
    np.testing.assert_array_equal(joined.samples[4800:], tone.samples)
    assert Clip.join([tone]) == tone


def test_joins_that_will_not_do(tone):
    with pytest.raises(ValueError, match=r"one sample rate, got rates \[\]"):
        Clip.join([])
    with pytest.raises(ValueError, match=r"got rates \[4000, 8000\].*resample"):
        Clip.join([tone, Clip(np.zeros(3), 4000)])
    for gap in (-0.1, np.nan, np.inf, 1e9):
        with pytest.raises(ValueError, match="gap"):
            Clip.join([tone], gap=gap)


def test_an_array_is_no_clip(tone, tmp_path):
    for use in (
        lambda: Clip.join([tone, tone.samples]),
        lambda: resample(tone.samples, 4000),
        lambda: write(tmp_path / "a.wav", tone.samples),
    ):
        with pytest.raises(TypeError, match=r"need a Clip.*got ndarray; wrap"):
            use()
    assert list(tmp_path.iterdir()) == []


def test_with_samples_keeps_the_rate(tone):
    assert tone.with_samples(np.zeros(3)).sample_rate == 8000
    with pytest.raises(TypeError, match="in samples"):
        tone.with_samples([1, 2])
