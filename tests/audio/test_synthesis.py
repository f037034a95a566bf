"""Test sounds against scipy, their own spectra and the settings they refuse."""

import numpy as np
import pytest
import scipy.signal

from course_lib.audio import chirp, noise, pulse_train, tone


def test_a_tone_is_a_sine():
    clip = tone(1000, 0.5, 8000, amplitude=0.8)
    assert len(clip) == 4000
    np.testing.assert_allclose(
        clip.samples, 0.8 * np.sin(2 * np.pi * np.arange(4000) / 8), atol=1e-6
    )


def test_a_chirp_equals_scipys():
    clip = chirp(100, 3000, 0.5, 8000, amplitude=1)
    theirs = scipy.signal.chirp(np.arange(4000) / 8000, 100, 0.5, 3000, phi=-90)
    np.testing.assert_allclose(clip.samples, theirs, atol=1e-5)


def test_a_tone_above_half_the_rate_aliases():
    np.testing.assert_allclose(
        tone(7000, 0.1, 8000).samples, -tone(1000, 0.1, 8000).samples, atol=1e-6
    )


@pytest.mark.parametrize("frequency", [100, 1000, 130.0, 3999])
def test_a_pulse_train_has_equal_harmonics_and_nothing_else(frequency):
    clip = pulse_train(frequency, 1.0, 8000)
    level = 2 * np.abs(np.fft.rfft(clip.samples)) / 8000  # one second: a bin a hertz
    harmonics = np.arange(frequency, 4000, frequency).astype(int)
    np.testing.assert_allclose(level[harmonics], 0.5 / len(harmonics), rtol=1e-4)
    level[harmonics] = 0
    assert level.max() < 1e-6
    assert clip.samples[0] == pytest.approx(0.5)
    assert clip.peak == pytest.approx(0.5)


def test_noise_is_white_and_repeatable(rng):
    clip = noise(10, 8000, rms=0.2, rng=rng)
    assert clip.rms == pytest.approx(0.2, rel=0.02)
    x = clip.samples
    for lag in (1, 2, 10):
        assert abs(np.mean(x[lag:] * x[:-lag])) < 0.02 * 0.2**2
    again = noise(10, 8000, rms=0.2, rng=np.random.default_rng(20))
    assert clip == again
    assert clip != noise(10, 8000, rms=0.2, rng=rng)


def test_silence():
    assert tone(0, 0.1, 8000).peak == 0
    assert tone(100, 0.1, 8000, amplitude=0).peak == 0
    assert pulse_train(100, 0.1, 8000, amplitude=0).peak == 0
    assert noise(0.1, 8000, rms=0, rng=np.random.default_rng(0)).peak == 0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: tone(-1, 1, 8000), "start of 0 or more"),
        (lambda: tone(100, 0, 8000), "duration"),
        (lambda: tone(100, 1e-6, 8000), "at least one sample"),
        (lambda: tone(100, 1, 0), "sample_rate"),
        (lambda: tone(np.nan, 1, 8000), "start"),
        (lambda: tone(1, 1, 8000, amplitude=-1), "amplitude"),
        (lambda: chirp(0, np.inf, 1, 8000), "stop"),
        (lambda: pulse_train(0, 1, 8000), "frequency"),
        (lambda: pulse_train(4000, 1, 8000), "frequency"),
        (lambda: pulse_train(100, 1, 8000, amplitude=-1), "amplitude"),
        (lambda: noise(1, 8000, rms=-1, rng=np.random.default_rng(0)), "rms"),
    ],
)
def test_settings_that_will_not_do(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_randomness_is_the_callers():
    with pytest.raises(TypeError, match="numpy Generator"):
        noise(1, 8000, rng=3)


@pytest.mark.parametrize(("duration", "rate"), [(1e9, 8000), (1e-3, 10**12)])
def test_sounds_too_long_for_the_memory(duration, rate):
    with pytest.raises(ValueError, match="at most"):
        tone(440, duration, rate)
