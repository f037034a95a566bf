"""The pitch tracker: tones, pulse trains, noise, silence, glides, real voices, bad input."""

import librosa
import numpy as np
import pytest

from course_lib import corpora
from course_lib.audio import Clip, resample
from course_lib.features.pitch import (
    cumulative_mean_normalised,
    difference_function,
    track_pitch,
)

RATE = 8000


def tone(frequency: float, *, seconds: float = 0.6, rate: int = RATE) -> Clip:
    time = np.arange(round(seconds * rate)) / rate
    return Clip(0.5 * np.sin(2 * np.pi * frequency * time), rate)


def pulse_train(frequency: float, *, seconds: float = 0.6, rate: int = RATE) -> Clip:
    time = np.arange(round(seconds * rate)) / rate
    harmonics = np.arange(1, int(0.48 * rate / frequency) + 1)
    samples = np.cos(2 * np.pi * frequency * np.outer(harmonics, time)).sum(axis=0)
    return Clip(samples / len(harmonics), rate)


def test_difference_function_is_the_sum_it_says(rng):
    x = rng.normal(size=300)
    d = difference_function(x, longest_period=20, window_length=30, hop_length=50)
    assert d.shape == (7, 21)
    padded = np.pad(x, 100)
    for frame in range(7):
        for tau in range(1, 21):
            start = frame * 50 + 100 - tau // 2 - 15
            pairs = [padded[j] - padded[j + tau] for j in range(start, start + 30)]
            np.testing.assert_allclose(d[frame, tau], np.sum(np.square(pairs)), atol=1e-10)


def test_normalised_difference_by_hand():
    got = cumulative_mean_normalised(np.array([[0.0, 2.0, 4.0, 3.0], [0.0, 0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(got, [[1, 1, 4 / 3, 1], [1, 1, 1, 1]])


@pytest.mark.parametrize("frequency", [80.0, 100.0, 150.3, 220.0, 311.1, 440.0, 495.0])
@pytest.mark.parametrize("sound", [tone, pulse_train])
def test_known_pitch_within_half_a_percent(sound, frequency):
    pitch = track_pitch(sound(frequency))[4:-4]
    assert np.isfinite(pitch).all()
    np.testing.assert_allclose(pitch, frequency, rtol=0.005)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_any_sample_rate(rate):
    pitch = track_pitch(tone(200.0, rate=rate), hop_length=rate // 100)
    assert len(pitch) == 61
    np.testing.assert_allclose(pitch[4:-4], 200.0, rtol=0.005)


def test_no_pitch_in_noise_or_silence(rng):
    assert np.isfinite(track_pitch(Clip(0.1 * rng.normal(size=16000), RATE))).mean() < 0.01
    assert np.isnan(track_pitch(Clip(np.zeros(4000), RATE))).all()
    assert np.isnan(track_pitch(Clip(np.full(4000, 0.3), RATE))).mean() > 0.9


def test_no_pitch_fifty_decibels_down():
    loud, soft = tone(150.0), tone(150.0).samples * 10 ** (-60 / 20)
    pitch = track_pitch(Clip(np.concatenate([loud.samples, soft]), RATE))
    assert np.isfinite(pitch[5:55]).all()
    assert np.isnan(pitch[65:]).all()


def test_a_blip_is_no_voice(rng):
    x = 0.1 * rng.normal(size=RATE)
    x[4000:4160] = 0.5 * np.sin(2 * np.pi * 200 * np.arange(160) / RATE)
    assert np.isnan(track_pitch(Clip(x, RATE))).all()


def test_pitch_ignores_level():
    clip = pulse_train(180.0)
    quiet = clip.with_samples(clip.samples * np.float32(2.0**-10))
    np.testing.assert_array_equal(track_pitch(clip), track_pitch(quiet))


def test_follows_a_glide():
    time = np.arange(RATE) / RATE
    frequency = 120.0 * 2.0**time  # an octave in a second
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    samples = sum(np.sin(k * phase) / k for k in range(1, 9))
    pitch = track_pitch(Clip(0.2 * samples, RATE))[4:-4]
    np.testing.assert_allclose(pitch, frequency[320:-300:80][: len(pitch)], rtol=0.01)


def test_a_missing_fundamental_is_not_missed():
    time = np.arange(4000) / RATE
    samples = sum(np.cos(2 * np.pi * 150 * k * time) for k in (2, 3, 4, 5)) / 4
    np.testing.assert_allclose(track_pitch(Clip(samples, RATE))[4:-4], 150.0, rtol=0.005)


def test_a_weak_subharmonic_makes_no_octave_error():
    """Every second pulse a tenth softer: a strict period of 2T, a heard one of T."""
    pulses = np.zeros(4800)
    pulses[::40] = 1.0
    pulses[::80] = 0.9
    pitch = track_pitch(Clip(np.convolve(pulses, np.hanning(20))[:4800], RATE))[4:-4]
    np.testing.assert_allclose(pitch, 200.0, rtol=0.01)


@pytest.mark.parametrize("name", ["one-moment-please", "vm-delete", "agent-newlocation"])
def test_real_voice_agrees_with_librosa(name):
    clip = corpora.load(f"speech/en/{name}", sample_rate=RATE)
    ours = track_pitch(clip)
    theirs, _, _ = librosa.pyin(
        clip.samples, sr=RATE, fmin=80, fmax=450, frame_length=512, hop_length=80
    )
    both = np.isfinite(ours) & np.isfinite(theirs)
    ratio = ours[both] / theirs[both]
    assert both.mean() > 0.4
    assert abs(np.median(ratio) - 1) < 0.01
    assert np.mean(np.abs(ratio - 1) > 0.2) < 0.02  # octave errors
    assert np.mean(np.isfinite(ours) & ~np.isfinite(theirs)) < 0.05


def test_resampling_does_not_move_a_voice():
    clip = corpora.load("speech/en/one-moment-please", sample_rate=16000)
    wide, narrow = track_pitch(clip, hop_length=160), track_pitch(resample(clip, 8000))
    both = np.isfinite(wide) & np.isfinite(narrow)
    assert both.sum() > 0.9 * np.isfinite(narrow).sum()
    assert abs(np.median(wide[both] / narrow[both]) - 1) < 0.005


@pytest.mark.parametrize("length", [1, 2, 79, 80, 81])
def test_short_clips_have_no_pitch(length):
    pitch = track_pitch(Clip(np.full(length, 0.5), RATE))
    assert pitch.shape == (1 + length // 80,)
    assert np.isnan(pitch).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lowest": 0.0}, "lowest"),
        ({"lowest": 600.0}, "need lowest strictly between 0 and 500"),
        ({"highest": 2500.0}, "need highest strictly between 0 and 2000"),
        ({"threshold": 1.0}, "threshold"),
        ({"hop_length": 0}, "need hop_length of at least 1, got 0"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        track_pitch(tone(200.0), **settings)


def test_bad_sounds():
    with pytest.raises(TypeError, match="need a Clip, got ndarray"):
        track_pitch(np.zeros(100))
    with pytest.raises(TypeError, match="whole number for hop_length"):
        track_pitch(tone(200.0), hop_length=1.5)
    for bad, error, message in [
        (np.zeros(0), ValueError, "at least 1 sample"),
        (np.zeros((9, 2)), ValueError, "mono"),
        (np.zeros(9, int), TypeError, "floating-point"),
        (np.array([0.0, np.nan]), ValueError, "finite"),
    ]:
        with pytest.raises(error, match=message):
            difference_function(bad, longest_period=3, window_length=3, hop_length=1)
