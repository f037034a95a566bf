"""Frames and their sums."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from course_lib.features import frame, hann, overlap_add


@given(length=st.integers(1, 400), frame_length=st.integers(1, 60), hop_length=st.integers(1, 70))
def test_frames_are_slices(length, frame_length, hop_length):
    x = np.arange(length, dtype=float)
    if length < frame_length:
        with pytest.raises(ValueError, match=f"one frame of {frame_length} samples, got {length}"):
            frame(x, frame_length=frame_length, hop_length=hop_length)
        return
    frames = frame(x, frame_length=frame_length, hop_length=hop_length)
    starts = range(0, length - frame_length + 1, hop_length)
    np.testing.assert_array_equal(frames, [x[s : s + frame_length] for s in starts])


def test_frames_equal_librosas(rng):
    import librosa

    x = rng.standard_normal(1000)
    ours = frame(x, frame_length=100, hop_length=30)
    np.testing.assert_array_equal(
        ours, librosa.util.frame(x, frame_length=100, hop_length=30, axis=0)
    )


@given(half=st.integers(1, 40), hops=st.sampled_from([1, 2, 4]), seed=st.integers(0, 100))
def test_windowed_frames_add_up_to_the_signal(half, hops, seed):
    hop_length = 2 * half
    frame_length = 2 * hops * hop_length
    x = np.random.default_rng(seed).standard_normal(frame_length * 3)
    frames = frame(x, frame_length=frame_length, hop_length=hop_length) * hann(frame_length)
    total = overlap_add(frames, hop_length=hop_length)
    inside = slice(frame_length - hop_length, len(total) - frame_length + hop_length)
    np.testing.assert_allclose(total[inside], hops * x[: len(total)][inside], atol=1e-12)


@given(count=st.integers(1, 8), frame_length=st.integers(1, 30), hop_length=st.integers(1, 40))
def test_overlap_add_is_framings_transpose(count, frame_length, hop_length):
    rng = np.random.default_rng(0)
    frames = rng.standard_normal((count, frame_length))
    y = overlap_add(frames, hop_length=hop_length)
    x = rng.standard_normal(len(y))
    np.testing.assert_allclose(
        y @ x, np.sum(frames * frame(x, frame_length=frame_length, hop_length=hop_length))
    )


@pytest.mark.parametrize("length", [1, 2, 7, 512])
def test_hann_equals_scipys(length):
    expected = scipy.signal.windows.hann(length, sym=False) if length > 1 else [0.0]
    np.testing.assert_allclose(hann(length), expected, atol=1e-15)


def test_hann_windows_add_up():
    assert np.allclose(hann(64)[:32] + hann(64)[32:], 1)
    assert np.allclose((hann(64).reshape(4, 16) ** 2).sum(axis=0), 1.5)


def test_frames_cannot_be_written_to(rng):
    frames = frame(rng.standard_normal(10), frame_length=4, hop_length=2)
    with pytest.raises(ValueError, match="read-only"):
        frames[0, 0] = 1


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (np.array([]), ValueError, "at least 1 sample"),
        (np.zeros((9, 2)), ValueError, "mono"),
        (np.array([0, np.nan, 0]), ValueError, "finite"),
        (np.zeros(9, int), TypeError, "floating-point"),
    ],
)
def test_signals_that_will_not_do(x, error, says):
    with pytest.raises(error, match=says):
        frame(x, frame_length=2, hop_length=1)


def test_settings_that_will_not_do():
    with pytest.raises(ValueError, match="frame_length"):
        frame(np.zeros(9), frame_length=0, hop_length=1)
    with pytest.raises(ValueError, match="hop_length"):
        frame(np.zeros(9), frame_length=2, hop_length=0)
    with pytest.raises(ValueError, match="hop_length"):
        overlap_add(np.zeros((2, 2)), hop_length=0)
    for frames in (np.zeros(4), np.zeros((0, 4)), np.zeros((4, 0))):
        with pytest.raises(ValueError, match="shape"):
            overlap_add(frames, hop_length=1)
    with pytest.raises(ValueError, match="length"):
        hann(0)
