"""Distances between sounds against their definitions, and known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.audio import Clip, noise, tone
from course_lib.evaluation import (
    image_rejection,
    log_spectral_distance,
    si_sdr,
    snr,
)
from course_lib.features import sinc_kernel, upsample


@given(level=st.floats(-60, 60))
def test_snr_of_noise_at_a_known_level(level):
    x = tone(440, 0.1, 8000).samples.astype(float)
    error = np.cos(np.arange(len(x)))
    error *= np.sqrt(np.sum(x**2) / np.sum(error**2)) * 10 ** (-level / 20)
    assert snr(x, x + error) == pytest.approx(level, abs=1e-9)


def test_snr_at_its_ends(tone):
    assert snr(tone, tone) == np.inf
    assert snr(tone, np.zeros(len(tone))) == 0
    assert snr(tone, -tone.samples) == pytest.approx(-20 * np.log10(2))
    with pytest.raises(ValueError, match="not silent"):
        snr(np.zeros(4), np.ones(4))


@given(level=st.floats(-40, 40), scale=st.floats(0.1, 10))
def test_si_sdr_of_what_is_at_right_angles_is_its_level_at_any_scale(level, scale):
    x, n = np.random.default_rng(0).standard_normal((2, 500))
    n -= x * (x @ n) / (x @ x)
    n *= np.linalg.norm(x) / np.linalg.norm(n) * 10 ** (-level / 20)
    assert si_sdr(x, scale * (x + n)) == pytest.approx(level, abs=1e-9)


def test_si_sdr_at_its_ends(tone):
    assert si_sdr(np.array([1.0, 0.0]), np.array([0.5, 0.0])) == np.inf
    assert si_sdr(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == -np.inf
    for x, y in ((np.zeros(4), np.ones(4)), (np.ones(4), np.zeros(4))):
        with pytest.raises(ValueError, match="not silent"):
            si_sdr(x, y)
    with pytest.raises(ValueError, match="need"):
        si_sdr(tone, tone.samples[1:])


def test_log_spectral_distance_measures_level(tone):
    louder = noise(0.5, 8000, rng=np.random.default_rng(1))
    half = Clip(louder.samples / 2, 8000)
    assert log_spectral_distance(louder, half) == pytest.approx(20 * np.log10(2), abs=1e-4)
    assert log_spectral_distance(tone, tone) == 0
    assert log_spectral_distance(tone, -tone.samples) == 0


def test_log_spectral_distance_is_its_definition(rng):
    x, y = rng.standard_normal(64), rng.standard_normal(64)
    import librosa

    levels = [
        20 * np.log10(np.abs(librosa.stft(z, n_fft=16, hop_length=4, pad_mode="constant")))
        for z in (x, y)
    ]
    frames = [np.sqrt(np.mean(column**2)) for column in (levels[0] - levels[1]).T]
    settings = {"window_length": 16, "hop_length": 4, "dynamic_range": 300}
    assert log_spectral_distance(x, y, **settings) == pytest.approx(np.mean(frames), rel=1e-4)


def test_what_lies_below_the_floor_does_not_count(tone):
    """Noise 110 dB down changes every quiet bin, but none that the floor lets through."""
    rng = np.random.default_rng(1)
    hiss = tone.samples + 1e-6 * rng.standard_normal(len(tone))
    assert log_spectral_distance(tone, hiss, dynamic_range=60) < 0.001
    assert log_spectral_distance(tone, hiss, dynamic_range=300) > 1


def test_silence_has_no_spectral_distance(tone):
    with pytest.raises(ValueError, match="not silent"):
        log_spectral_distance(np.zeros(99), np.zeros(99))
    assert 0 < log_spectral_distance(tone, np.zeros(len(tone))) < 80


def test_image_rejection_of_two_tones():
    """A tone at 1 kHz and its image at 7 kHz, 40 dB down, at twice an 8 kHz rate."""
    y = tone(1000, 1, 16000).samples + 0.01 * tone(7000, 1, 16000).samples.astype(float)
    y *= np.hanning(len(y))  # a sudden start holds every frequency
    assert image_rejection(y, 2) == pytest.approx(40, abs=0.01)
    assert image_rejection(y, 3) == pytest.approx(40, abs=0.01)


def test_zeros_between_samples_repeat_the_spectrum(rng):
    x = rng.standard_normal(8000)
    stuffed = upsample(x, 2, np.ones(1))
    assert image_rejection(stuffed, 2) == pytest.approx(0, abs=0.1)
    assert image_rejection(upsample(x, 2, sinc_kernel(2)), 2) > 15


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
    for measure in (
        lambda: snr(x, x),
        lambda: log_spectral_distance(x, x),
        lambda: image_rejection(x, 2),
    ):
        with pytest.raises(error, match=says):
            measure()


def test_pairs_and_settings_that_will_not_do(tone):
    for measure in (snr, log_spectral_distance):
        with pytest.raises(ValueError, match="one length, got 4000 and 3 samples"):
            measure(tone, np.zeros(3))
    with pytest.raises(ValueError, match="dynamic_range"):
        log_spectral_distance(tone, tone, dynamic_range=0)
    with pytest.raises(ValueError, match="factor"):
        image_rejection(tone, 1)
    with pytest.raises(ValueError, match="window_length"):
        image_rejection(tone, 2, window_length=8)
    with pytest.raises(ValueError, match="not silent"):
        image_rejection(np.zeros(99), 2)
