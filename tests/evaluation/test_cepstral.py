"""The distance of two utterances: its definition, what it overlooks, bad input."""

import numpy as np
import pytest

from course_lib.audio import Clip, noise
from course_lib.corpora import spoken_words
from course_lib.evaluation import mel_cepstral_distortion
from course_lib.features import log_mel


def levels(clip):
    return 20 / np.log(10) * log_mel(clip, window_length=800, hop_length=200, bands=80)


def test_of_full_order_it_is_a_distance_in_decibels(rng):
    """Two clips whose frames are all alike, so that no path can change the mean."""
    pulses, other = np.zeros(16_000), np.zeros(16_000)
    pulses[::200] = 0.5
    other[::200], other[1::200] = 0.4, 0.3
    one, two = Clip(pulses, 16_000), Clip(other, 16_000)
    difference = (levels(one) - levels(two))[40]
    expected = np.sqrt(np.mean((difference - difference.mean()) ** 2))
    assert expected > 1
    assert mel_cepstral_distortion(one, two, order=79) == pytest.approx(expected, rel=0.02)


def test_loudness_does_not_count():
    word = spoken_words()["seven"][0]
    half = Clip(word.samples / 2, 16_000)
    assert mel_cepstral_distortion(word, word) == 0
    assert mel_cepstral_distortion(half, word) < 0.2


def test_time_is_warped_and_words_are_told_apart():
    seven, nine = spoken_words()["seven"][0], spoken_words()["nine"][0]
    first, last = seven.cut(0, 0.3), seven.cut(0.3, seven.duration)
    held = Clip.join([first, seven.cut(0.28, 0.3), seven.cut(0.28, 0.3), last])
    assert mel_cepstral_distortion(seven, held) < mel_cepstral_distortion(seven, nine) / 4
    assert mel_cepstral_distortion(seven, nine) > 4


def test_more_noise_is_further(rng):
    word = spoken_words()["five"][0]
    hiss = noise(word.duration, 16_000, rms=1, rng=rng).samples[: len(word)]
    distortions = [
        mel_cepstral_distortion(word, Clip(word.samples + level * hiss, 16_000))
        for level in (0.001, 0.01, 0.1)
    ]
    assert distortions == sorted(distortions)
    assert distortions[0] < distortions[2] / 2


def test_clips_that_will_not_do(tone):
    silence = Clip(np.zeros(4000), 8000)
    with pytest.raises(TypeError, match="need a Clip"):
        mel_cepstral_distortion(tone.samples, tone)
    with pytest.raises(TypeError, match="need a Clip"):
        mel_cepstral_distortion(tone, None)
    with pytest.raises(ValueError, match="one sample rate"):
        mel_cepstral_distortion(tone, Clip(tone.samples, 16_000))
    with pytest.raises(ValueError, match="not silent"):
        mel_cepstral_distortion(silence, tone)
    assert mel_cepstral_distortion(tone, silence) > 1
    assert mel_cepstral_distortion(Clip(np.ones(1), 16_000), Clip(np.ones(1), 16_000)) == 0


def test_settings_that_will_not_do(tone):
    for order in (80, -1):
        with pytest.raises(ValueError, match="order"):
            mel_cepstral_distortion(tone, tone, order=order)
    with pytest.raises(TypeError, match="order"):
        mel_cepstral_distortion(tone, tone, order=2.5)
