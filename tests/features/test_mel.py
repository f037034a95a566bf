"""The mel scale, its filters and spectrograms against librosa's."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from course_lib import corpora
from course_lib.audio import Clip, noise, tone
from course_lib.features import (
    hz_to_mel,
    log_mel,
    magnitude_from_log_mel,
    mel_cepstrum,
    mel_filter_bank,
    mel_to_hz,
    stft,
)


@given(frequency=st.floats(0, 24_000))
def test_the_scale_goes_there_and_back(frequency):
    assert mel_to_hz(hz_to_mel(np.array(frequency))) == pytest.approx(frequency, abs=1e-9)


def test_the_scale_equals_librosas():
    import librosa

    frequency = np.linspace(0, 12_000, 500)
    np.testing.assert_allclose(hz_to_mel(frequency), librosa.hz_to_mel(frequency), atol=1e-12)
    np.testing.assert_allclose(
        mel_to_hz(frequency / 200), librosa.mel_to_hz(frequency / 200), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("rate", "window", "bands", "low", "high"),
    [(16000, 512, 80, 0, None), (22050, 1024, 80, 0, 8000), (8000, 256, 40, 60, 3800)],
)
def test_the_filter_bank_equals_librosas(rate, window, bands, low, high):
    import librosa

    ours = mel_filter_bank(rate, window, bands=bands, lowest=low, highest=high)
    theirs = librosa.filters.mel(
        sr=rate, n_fft=window, n_mels=bands, fmin=low, fmax=high, dtype=np.float64
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-15)


def test_filters_have_unit_area():
    bank = mel_filter_bank(16000, 16384, bands=20)
    np.testing.assert_allclose(bank.sum(axis=1) * 16000 / 16384, 1, rtol=1e-3)


def test_a_tone_lies_in_its_band():
    spectrogram = log_mel(tone(1000, 0.5, 16000), bands=40)
    assert spectrogram.shape == (1 + 8000 // 128, 40)
    centres = mel_to_hz(np.linspace(0, hz_to_mel(np.array(8000.0)), 42))[1:-1]
    assert np.argmax(spectrogram[30]) == np.argmin(np.abs(centres - 1000))


def test_log_mel_equals_librosas(rng):
    import librosa

    clip = noise(0.5, 16000, rng=rng)
    theirs = librosa.feature.melspectrogram(
        y=clip.samples.astype(float), sr=16000, n_fft=512, hop_length=128, n_mels=64, power=1
    )
    np.testing.assert_allclose(log_mel(clip, bands=64), np.log(theirs).T, atol=1e-6)


def test_silence_lies_at_the_floor():
    np.testing.assert_allclose(log_mel(Clip(np.zeros(1), 16000)), np.log(1e-5))


@pytest.fixture(scope="module")
def spoken():
    """The magnitudes and the mel spectrogram of a recorded sentence."""
    clip = corpora.load("speech/en/tt-weasels", sample_rate=16000)
    settings = {"window_length": 800, "hop_length": 200}
    return np.abs(stft(clip, **settings)), log_mel(clip, **settings)


def relative(error, whole):
    return np.linalg.norm(error) / np.linalg.norm(whole)


def test_the_inverse_has_the_same_bands(spoken):
    truth, target = spoken
    magnitude = magnitude_from_log_mel(target, 16000, 800)
    assert magnitude.shape == truth.shape
    assert magnitude.min() >= 0
    back = magnitude @ mel_filter_bank(16000, 800).T
    assert relative(back - np.exp(target), np.exp(target)) < 2e-3
    assert np.abs(np.log(back) - target).max() < 0.1  # weak bands too
    assert not magnitude[:, [0, -1]].any()  # outside every band


def test_the_inverse_is_nearer_to_the_truth_than_other_answers(spoken):
    """Many spectra have these bands; ours is flat where it may be, others are not."""
    truth, target = spoken
    bank, mel = mel_filter_bank(16000, 800), np.exp(target)
    clipped = np.maximum(0, mel @ np.linalg.pinv(bank).T)
    exact = np.array([scipy.optimize.nnls(bank, frame)[0] for frame in mel])
    ours = relative(magnitude_from_log_mel(target, 16000, 800) - truth, truth)
    assert ours < 0.13
    assert ours < 0.6 * relative(clipped - truth, truth)
    assert ours < 0.3 * relative(exact - truth, truth)


@pytest.mark.parametrize(("spread", "limit"), [(0.0, 0.002), (0.3, 0.012), (1.0, 0.05)])
def test_bands_that_no_spectrum_has_are_met_nearly_as_well_as_can_be(spoken, rng, spread, limit):
    """Noise on the logarithms makes impossible bands, as a network may; scipy's are the nearest."""
    target = spoken[1][40:80] + spread * rng.standard_normal((40, 80))
    bank, mel = mel_filter_bank(16000, 800), np.exp(target)
    best = np.sqrt(sum(scipy.optimize.nnls(bank, frame)[1] ** 2 for frame in mel))
    ours = np.linalg.norm(magnitude_from_log_mel(target, 16000, 800) @ bank.T - mel)
    assert best - 1e-9 <= ours < best + limit * np.linalg.norm(mel)


def test_each_frame_is_inverted_by_itself_at_any_level(spoken):
    target = spoken[1][60:64]
    together = magnitude_from_log_mel(target, 16000, 800)
    for frame, row in zip(target, together, strict=True):
        alone = magnitude_from_log_mel(frame[None] - 30, 16000, 800)[0]
        np.testing.assert_allclose(alone * np.exp(30), row, rtol=1e-9)


@pytest.mark.parametrize("level", [-1000.0, 700.0])
def test_the_inverse_of_extreme_levels_is_finite(level):
    magnitude = magnitude_from_log_mel(np.full((2, 40), level), 16000, 512)
    assert np.isfinite(magnitude).all()


def test_settings_that_will_not_do():
    with pytest.raises(TypeError, match="need a Clip"):
        log_mel(np.zeros(100))
    with pytest.raises(ValueError, match="fewer bands"):
        mel_filter_bank(16000, 256, bands=128)
    for low, high in ((-1, None), (4000, 3000), (0, 9000)):
        with pytest.raises(ValueError, match="lowest < highest"):
            mel_filter_bank(16000, 512, lowest=low, highest=high)
    with pytest.raises(ValueError, match="bands"):
        mel_filter_bank(16000, 512, bands=0)
    with pytest.raises(TypeError, match="floating"):
        magnitude_from_log_mel(np.zeros((2, 40), int), 16000, 512)
    with pytest.raises(ValueError, match="finite"):
        magnitude_from_log_mel(np.full((2, 40), np.nan), 16000, 512)
    with pytest.raises(ValueError, match="at most 700, got 701"):
        magnitude_from_log_mel(np.full((2, 40), 701.0), 16000, 512)


@pytest.mark.parametrize("scale", [hz_to_mel, mel_to_hz])
@pytest.mark.parametrize("wrong", [None, "440", 440j, np.ma.array([440.0], mask=True)])
def test_scales_are_of_real_numbers(scale, wrong):
    with pytest.raises(TypeError, match="need"):
        scale(wrong)


def test_scales_have_an_end():
    with pytest.raises(ValueError, match="finite frequency, got nan"):
        hz_to_mel(np.nan)
    with pytest.raises(ValueError, match=r"need mel of 10000 or less, got 10000\.001"):
        mel_to_hz([0.0, 10000.001])
    assert np.isfinite(mel_to_hz(10_000))


def test_logarithms_that_are_barely_too_large_are_told_so():
    with pytest.raises(ValueError, match=r"at most 700, got 700\.00001"):
        magnitude_from_log_mel(np.full((2, 10), 700.00001), 8000, 256)


def test_cepstra_are_their_definition(rng):
    log_power = rng.standard_normal((3, 10))
    b = np.arange(10)
    for d in range(10):
        expected = np.mean(log_power * np.cos(np.pi * d * (b + 0.5) / 10), axis=1)
        np.testing.assert_allclose(mel_cepstrum(log_power, order=9)[:, d], expected, atol=1e-12)
    assert mel_cepstrum(log_power, order=4).shape == (3, 5)


def test_cepstra_give_the_spectrum_back(rng):
    log_power = rng.standard_normal((4, 12))
    cepstrum = mel_cepstrum(log_power, order=11)
    d, b = np.arange(1, 12), np.arange(12)
    cosines = np.cos(np.pi * d[:, None] * (b + 0.5) / 12)
    np.testing.assert_allclose(cepstrum[:, :1] + 2 * cepstrum[:, 1:] @ cosines, log_power)


def test_cepstra_that_cannot_be():
    with pytest.raises(ValueError, match="shape"):
        mel_cepstrum(np.zeros(4), order=1)
    with pytest.raises(ValueError, match="order below the number of bands, 4, got 4"):
        mel_cepstrum(np.zeros((2, 4)), order=4)
