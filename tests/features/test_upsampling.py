"""Upsampling kernels against numpy, scipy and the formulas for their gains."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from course_lib.features import (
    gaussian_kernel,
    hold_kernel,
    linear_kernel,
    sinc_kernel,
    upsample,
)

KERNELS = [hold_kernel, linear_kernel, gaussian_kernel, sinc_kernel]
factors = st.integers(1, 6)


def gain(kernel, frequency):
    """Of a kernel, at `frequency` in cycles a sample."""
    n = np.arange(len(kernel)) - len(kernel) // 2
    return np.abs(kernel @ np.exp(-2j * np.pi * frequency * n))


@pytest.mark.parametrize("make", KERNELS)
@given(length=st.integers(1, 60), factor=factors)
def test_it_is_zeros_and_a_filter(make, length, factor):
    x, kernel = np.random.default_rng(length).standard_normal(length), make(factor)
    filtered = scipy.signal.upfirdn(kernel, x, up=factor)
    padded = np.pad(filtered, (0, length * factor + len(kernel)))
    middle = len(kernel) // 2
    expected = padded[middle : middle + length * factor]
    np.testing.assert_allclose(upsample(x, factor, kernel), expected, atol=1e-12)


@given(length=st.integers(1, 60), factor=factors)
def test_hold_repeats(length, factor):
    x = np.random.default_rng(length).standard_normal(length)
    np.testing.assert_allclose(upsample(x, factor, hold_kernel(factor)), np.repeat(x, factor))


@given(length=st.integers(1, 60), factor=factors)
def test_linear_joins_with_lines(length, factor):
    x = np.random.default_rng(length).standard_normal(length)
    times = np.arange(length * factor) / factor
    expected = np.interp(times, np.arange(length + 1), np.append(x, 0.0))
    np.testing.assert_allclose(upsample(x, factor, linear_kernel(factor)), expected, atol=1e-12)


def test_windowed_sinc_equals_scipys(rng):
    x = rng.standard_normal(200)
    taps = sinc_kernel(3) / 3  # scipy multiplies by the factor
    np.testing.assert_allclose(
        upsample(x, 3, sinc_kernel(3)),
        scipy.signal.resample_poly(x, 3, 1, window=taps),
        atol=1e-12,
    )


@pytest.mark.parametrize("make", [hold_kernel, linear_kernel, sinc_kernel])
@given(length=st.integers(1, 60), factor=factors)
def test_all_but_the_gaussian_keep_the_samples(make, length, factor):
    x = np.random.default_rng(length).standard_normal(length)
    np.testing.assert_allclose(upsample(x, factor, make(factor))[::factor], x, atol=1e-12)


@pytest.mark.parametrize("make", KERNELS)
@given(factor=factors)
def test_gain_at_zero_is_the_factor(make, factor):
    kernel = make(factor)
    assert len(kernel) % 2 == 1
    assert gain(kernel, 0) == pytest.approx(factor, rel=1e-3)


@pytest.mark.parametrize("sigma", [0.25, 0.5, 1.0])
def test_the_gaussians_gain_follows_its_formula(sigma):
    kernel = gaussian_kernel(8, sigma=sigma)
    for f in (0.25, 0.5, 1.0):
        expected = np.exp(-2 * (np.pi * sigma * f) ** 2)
        assert gain(kernel, f / 8) / 8 == pytest.approx(expected, abs=2e-4)


def test_only_the_sinc_removes_a_tones_image():
    """At 0.2 of the low rate, the first image lies at 0.8: levels from each kernel's formula."""
    x = np.sin(2 * np.pi * 0.2 * np.arange(400))
    expected = {
        hold_kernel: 1 / 4,  # ratio of sinc(0.8) to sinc(0.2), at a continuous hold
        linear_kernel: 1 / 16,
        gaussian_kernel: np.exp(-2 * (np.pi * 0.5) ** 2 * (0.8**2 - 0.2**2)),
        sinc_kernel: 0.0,
    }
    for make, level in expected.items():
        y = upsample(x, 32, make(32))[32 * 100 : 32 * 300]
        spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
        ratio = spectrum[160] / spectrum[40]  # 200 low-rate samples: 40 cycles, and 160
        assert ratio == pytest.approx(level, abs=2e-3)


def test_clips_silence_and_one_sample(tone):
    assert len(upsample(tone, 2, sinc_kernel(2))) == 8000
    assert not upsample(np.zeros(9), 2, sinc_kernel(2)).any()
    np.testing.assert_array_equal(upsample(np.ones(1), 3, hold_kernel(3)), [1, 1, 1])


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
        upsample(x, 2, hold_kernel(2))


def test_settings_that_will_not_do():
    with pytest.raises(ValueError, match="odd number of taps, got 4"):
        upsample(np.zeros(9), 2, np.ones(4))
    with pytest.raises(ValueError, match="kernel"):
        upsample(np.zeros(9), 2, np.array([np.nan]))
    with pytest.raises(ValueError, match="factor"):
        upsample(np.zeros(9), 0, np.ones(3))
    for make in KERNELS:
        with pytest.raises(ValueError, match="factor"):
            make(0)
        with pytest.raises(TypeError, match="factor"):
            make(2.0)
    with pytest.raises(ValueError, match="sigma"):
        gaussian_kernel(2, sigma=0.1)
    with pytest.raises(ValueError, match="crossings"):
        sinc_kernel(2, crossings=0)
