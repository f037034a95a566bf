"""Voice conversion: the regression is the mixture's own, a voice maps to itself, bad input."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from course_lib import corpora
from course_lib.applications.conversion import VoiceMap, log_area_ratios, matched_frames
from course_lib.applications.lpc import analyse
from course_lib.audio import Clip, change_tempo, noise
from course_lib.corpora.words import trimmed
from course_lib.models.states.gaussians import Gaussians
from course_lib.models.states.gmm import GaussianMixture

RATE = 16_000
WORDS = ("digits/1", "digits/4", "digits/7", "letters/a", "letters/e", "letters/m")


@pytest.fixture(scope="module")
def voices():
    """The same words by a woman, in Spanish, and a man, in Italian."""
    return {
        language: [trimmed(corpora.load(f"speech/{language}/{word}", RATE)) for word in WORDS]
        for language in ("es", "it")
    }


@pytest.fixture(scope="module")
def to_him(voices):
    pairs = list(zip(voices["es"], voices["it"], strict=True))
    return VoiceMap.fit(pairs, components=2, rng=np.random.default_rng(0))


def test_any_ratio_is_a_stable_tube():
    k = np.array([[-0.99, 0.0, 0.5], [1.0, -1.0, 0.2]])
    ratios = log_area_ratios(k)
    assert np.isfinite(ratios).all()
    assert_allclose(np.tanh(ratios[0] / 2), k[0], atol=1e-12)
    assert ratios[0, 2] == pytest.approx(np.log(1.5 / 0.5))


def test_the_map_is_the_conditional_mean_of_the_joint_density(to_him, voices):
    reflection = analyse(voices["es"][0], order=to_him.order).reflection[10:14]
    by_hand = [to_him.joint.conditional(a).mean() for a in log_area_ratios(reflection)]
    assert_allclose(to_him.mapped(reflection), np.tanh(np.array(by_hand) / 2), atol=1e-9)


def test_one_gaussian_maps_on_a_straight_line():
    """b = 2 a with a little noise: the regression finds 2."""
    rng = np.random.default_rng(1)
    a = rng.normal(0, 0.3, (5000, 1))
    pairs = np.hstack((a, 2 * a + rng.normal(0, 0.01, a.shape)))
    joint = GaussianMixture(
        np.ones(1), Gaussians(pairs.mean(0)[None], np.cov(pairs.T)[None], "full")
    )
    k = np.tanh(np.array([[0.2], [-0.1]]) / 2)
    assert_allclose(
        VoiceMap(joint, 0.0).mapped(k), np.tanh(np.array([[0.4], [-0.2]]) / 2), atol=3e-3
    )


def test_a_voice_mapped_to_itself_stays_what_it_was(voices):
    clips = voices["es"]
    same = VoiceMap.fit([(c, c) for c in clips], components=1, rng=np.random.default_rng(0))
    assert same.semitones == 0
    reflection = analyse(clips[0], order=same.order).reflection
    error = np.abs(same.mapped(reflection) - reflection)  # the floor of variances pulls a little
    assert error.mean() < 0.05


def test_his_pitch_is_lower_and_her_words_become_so(to_him, voices):
    assert -14 < to_him.semitones < -4
    said = voices["es"][1]
    found = to_him.convert(said, rng=np.random.default_rng(1))
    assert abs(len(found) - len(said)) < 400
    assert np.isfinite(found.samples).all()
    assert found.rms == pytest.approx(said.rms, rel=0.2)
    ratio = np.nanmedian(analyse(found).pitch) / np.nanmedian(analyse(said).pitch)
    assert 12 * np.log2(ratio) == pytest.approx(to_him.semitones, abs=1.5)


def test_a_slower_reading_is_matched_at_half_the_pace(voices):
    said = voices["es"][3]
    path = matched_frames(said, change_tempo(said, 0.5), hop_length=160)
    assert tuple(path[0]) == (0, 0)
    middle = path[np.abs(path[:, 0] - path[-1, 0] // 2) <= 2]
    assert np.abs(middle[:, 1] / path[-1, 1] - 0.5).max() < 0.15


def test_pairs_that_will_not_do(voices):
    rng = np.random.default_rng(0)
    a, b = voices["es"][0], voices["it"][0]
    with pytest.raises(ValueError, match="one sample rate"):
        VoiceMap.fit([], rng=rng)
    with pytest.raises(ValueError, match="one sample rate"):
        VoiceMap.fit([(a, Clip(b.samples, 8000))], rng=rng)
    with pytest.raises(ValueError, match="components"):
        VoiceMap.fit([(a, b)], components=0, rng=rng)
    with pytest.raises(TypeError, match="Clip"):
        VoiceMap.fit([(a.samples, b)], rng=rng)
    with pytest.raises(TypeError, match="need a numpy"):
        VoiceMap.fit([(a, b)], rng=3)
    with pytest.raises(ValueError, match="second voice with a pitch"):
        VoiceMap.fit([(a, noise(1.0, RATE, rng=rng))], components=1, rng=rng)


def test_frames_of_another_order(to_him):
    with pytest.raises(ValueError, match="order 18"):
        to_him.mapped(np.zeros((3, 4)))
    with pytest.raises(TypeError, match="Clip"):
        to_him.convert(np.ones(4000), rng=np.random.default_rng(0))
