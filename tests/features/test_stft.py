"""The short-time Fourier transform against its definition, librosa, scipy and its inverse."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from course_lib.features import hann, istft, stft


def test_it_is_its_definition(rng):
    x, window_length, hop_length = rng.standard_normal(50), 16, 5
    transform = stft(x, window_length=window_length, hop_length=hop_length)
    assert transform.shape == (1 + 50 // 5, 9)
    for m, k in ((0, 0), (0, 3), (4, 8), (10, 5)):
        total = 0j
        for n in range(window_length):
            time = n + m * hop_length - window_length // 2
            if 0 <= time < 50:
                angle = -2j * np.pi * k * n / window_length
                total += hann(window_length)[n] * x[time] * np.exp(angle)
        assert transform[m, k] == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("length", [1, 255, 4000])
def test_it_equals_librosas(rng, length):
    import librosa

    x = rng.standard_normal(length)
    theirs = librosa.stft(np.pad(x, 128), n_fft=256, hop_length=64, center=False, dtype=complex)
    ours = stft(x, window_length=256, hop_length=64)
    np.testing.assert_allclose(ours, theirs.T, atol=1e-10)


def test_it_equals_scipys_up_to_the_phase_reference(rng):
    x = rng.standard_normal(1024)
    transform = scipy.signal.ShortTimeFFT(hann(128), 32, 1.0, phase_shift=None)
    theirs = transform.stft(x, p0=0, p1=33)
    np.testing.assert_allclose(stft(x, window_length=128, hop_length=32), theirs.T, atol=1e-10)


@given(
    length=st.integers(1, 500),
    half=st.integers(1, 40),
    hop_length=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_the_inverse_gives_the_signal_back(length, half, hop_length, seed):
    hop_length = min(hop_length, half)
    x = np.random.default_rng(seed).standard_normal(length)
    transform = stft(x, window_length=2 * half, hop_length=hop_length)
    back = istft(transform, hop_length=hop_length, length=length)
    np.testing.assert_allclose(back, x, atol=1e-7)


def test_the_inverse_is_the_least_squares_one(rng):
    """No small change of the signal brings its transform nearer to an impossible one."""
    transform = rng.standard_normal((9, 17)) + 1j * rng.standard_normal((9, 17))
    count = np.full(17, 2.0)
    count[[0, -1]] = 1

    def distance(x):
        difference = stft(x, window_length=32, hop_length=8) - transform
        return np.sum(count * np.abs(difference) ** 2)

    best = istft(transform, hop_length=8, length=70)
    for _ in range(20):
        change = 1e-3 * rng.standard_normal(70)
        assert distance(best + change) > distance(best)


def test_the_inverse_equals_librosas(rng):
    import librosa

    transform = rng.standard_normal((33, 65)) + 1j * rng.standard_normal((33, 65))
    transform[:, [0, -1]] = transform[:, [0, -1]].real
    theirs = librosa.istft(transform.T, hop_length=32, window=hann(128), length=1024)
    ours = istft(transform, hop_length=32)
    assert len(ours) == 1024
    np.testing.assert_allclose(ours[64:-64], theirs[64:-64], atol=1e-8)


def test_silence_and_one_sample():
    assert not stft(np.zeros(100), window_length=16, hop_length=4).any()
    one = stft(np.ones(1), window_length=16, hop_length=4)
    assert one.shape == (1, 9)
    np.testing.assert_allclose(istft(one, hop_length=4), [1.0])


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (np.array([]), ValueError, "at least 1 sample"),
        (np.zeros((9, 2)), ValueError, "mono"),
        (np.array([0, np.inf, 0]), ValueError, "finite"),
        (np.zeros(9, int), TypeError, "floating-point"),
    ],
)
def test_signals_that_will_not_do(x, error, says):
    with pytest.raises(error, match=says):
        stft(x, window_length=4, hop_length=1)


@pytest.mark.parametrize(
    ("window_length", "hop_length", "says"),
    [(15, 4, "even"), (0, 1, "window_length"), (16, 9, "at most half"), (16, 0, "hop_length")],
)
def test_windows_that_will_not_do(window_length, hop_length, says):
    with pytest.raises(ValueError, match=says):
        stft(np.zeros(99), window_length=window_length, hop_length=hop_length)


@pytest.mark.parametrize(
    ("transform", "error", "says"),
    [
        (np.zeros((3, 9)), TypeError, "complex"),
        (np.zeros(9, complex), ValueError, "frames, bins"),
        (np.zeros((0, 9), complex), ValueError, "frames, bins"),
        (np.zeros((3, 1), complex), ValueError, "2 bins"),
        (np.full((3, 9), np.nan, complex), ValueError, "finite"),
    ],
)
def test_transforms_that_will_not_do(transform, error, says):
    with pytest.raises(error, match=says):
        istft(transform, hop_length=4)


def test_lengths_that_will_not_do():
    transform = stft(np.zeros(100), window_length=16, hop_length=4)
    for length in (99, 104):
        with pytest.raises(ValueError, match="from 100 to 103 samples"):
            istft(transform, hop_length=4, length=length)


def test_settings_that_came_as_numpys_integers(rng):
    x = rng.standard_normal(900)
    settings = {"window_length": np.uint8(200), "hop_length": np.uint8(100)}
    found = stft(x, **settings)
    np.testing.assert_array_equal(found, stft(x, window_length=200, hop_length=100))
    np.testing.assert_array_equal(
        istft(found, hop_length=np.uint8(100)), istft(found, hop_length=100)
    )
