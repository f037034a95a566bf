"""Mel-cepstra, warped time and their distance: definitions, brute force, librosa, bad input."""

import itertools

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.audio import Clip, noise
from course_lib.corpora import spoken_words
from course_lib.evaluation import (
    dynamic_time_warping,
    mel_cepstral_distortion,
    mel_cepstrum,
)
from course_lib.features import log_mel


def all_paths(rows, columns):
    """Every path from (0, 0) to the last pair, by steps of (1, 1), (1, 0) and (0, 1)."""
    if rows < 1 or columns < 1:
        return []
    if rows == columns == 1:
        return [[(0, 0)]]
    steps = ((rows - 1, columns - 1), (rows - 1, columns), (rows, columns - 1))
    before = itertools.chain.from_iterable(all_paths(*step) for step in steps)
    return [[*path, (rows - 1, columns - 1)] for path in before]


@given(seed=st.integers(0, 999), rows=st.integers(1, 5), columns=st.integers(1, 5))
def test_no_path_is_shorter(seed, rows, columns):
    distances = np.random.default_rng(seed).random((rows, columns))
    path = dynamic_time_warping(distances)
    sums = {sum(distances[pair] for pair in other): other for other in all_paths(rows, columns)}
    assert [tuple(pair) for pair in path.tolist()] == sums[min(sums)]


def test_warping_agrees_with_librosa(rng):
    distances = rng.random((60, 83))
    total, path = librosa.sequence.dtw(C=distances)
    ours = dynamic_time_warping(distances)
    np.testing.assert_array_equal(ours, path[::-1])
    assert distances[tuple(ours.T)].sum() == pytest.approx(total[-1, -1])


def test_of_equal_paths_the_diagonal_wins():
    np.testing.assert_array_equal(dynamic_time_warping(np.ones((3, 3))), [[0, 0], [1, 1], [2, 2]])
    np.testing.assert_array_equal(dynamic_time_warping(np.zeros((1, 2))), [[0, 0], [0, 1]])


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
    with pytest.raises(ValueError, match="shape"):
        mel_cepstrum(np.zeros(4), order=1)
    for bad in (np.zeros(3), np.zeros((0, 2)), np.zeros((2, 2, 2))):
        with pytest.raises(ValueError, match="shape"):
            dynamic_time_warping(bad)
    with pytest.raises(ValueError, match="finite"):
        dynamic_time_warping(np.array([[np.nan]]))
