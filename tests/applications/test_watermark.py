"""Watermarks: found by their key, at any delay, and by nobody else."""

import io

import numpy as np
import pytest
import soundfile

from course_lib import corpora
from course_lib.applications.watermark import PERIOD, detect, embed, signs_of
from course_lib.audio import Clip, change_tempo


@pytest.fixture(scope="module")
def prompts() -> list[Clip]:
    held_out = sorted(corpora.speech(language="en", split="test"), key=lambda r: -r.seconds)
    return [recording.load(16_000) for recording in held_out[:6]]


@pytest.fixture(scope="module")
def marked(prompts: list[Clip]) -> list[Clip]:
    return [embed(clip, 7) for clip in prompts]


def through_mp3(clip: Clip) -> Clip:
    file = io.BytesIO()
    soundfile.write(file, clip.samples, clip.sample_rate, format="MP3")
    file.seek(0)
    samples, _ = soundfile.read(file, dtype="float32")
    return clip.with_samples(samples)


def test_the_key_finds_its_mark(prompts, marked):
    for clip, copy in zip(prompts, marked, strict=True):
        found = detect(copy, 7)
        assert found.chance < 1e-6
        assert found.delay == 0
        assert detect(clip, 7).chance > 1e-3  # a sound without a mark
        assert detect(copy, 8).chance > 1e-3  # another key


def test_chances_are_what_they_say(prompts):
    chances = [detect(clip, key).chance for clip in prompts for key in range(20)]
    assert np.mean(np.array(chances) < 0.1) < 0.2
    assert np.mean(chances) > 0.4


def test_the_mark_lies_below_the_sound_as_far_as_asked(prompts):
    for strength in (-20.0, -30.0):
        copy = embed(prompts[0], 3, strength=strength)
        whisper = copy.samples - prompts[0].samples
        ratio = 20 * np.log10(np.std(whisper) / prompts[0].rms)
        assert ratio == pytest.approx(strength, abs=2)


def test_a_cut_moves_the_signs(marked):
    start = 2.5 * PERIOD / 16_000
    found = detect(marked[0].cut(start, marked[0].duration), 7)
    assert found.chance < 1e-6
    assert found.delay == PERIOD // 2


@pytest.mark.parametrize("gain", [0.2, 1.0])
def test_it_survives_mp3_and_a_change_of_level(marked, gain):
    copy = through_mp3(marked[0])
    assert detect(copy.with_samples(np.float32(gain) * copy.samples), 7).chance < 1e-3


def test_a_change_of_tempo_destroys_it(marked):
    assert detect(change_tempo(marked[0], 1.03), 7).chance > 1e-3


def test_signs_depend_on_the_key():
    assert set(signs_of(1)) == {-1.0, 1.0}
    agreement = np.mean(signs_of(1) * signs_of(2))
    assert abs(agreement) < 0.05
    assert np.array_equal(signs_of(1), signs_of(1))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"strength": 3.0}, ValueError, "strength"),
        ({"strength": np.nan}, ValueError, "strength"),
        ({"key": -1}, ValueError, "key of at least 0"),
        ({"key": 1.5}, TypeError, "whole number for key"),
        ({"clip": np.zeros(100)}, TypeError, "need a Clip"),
        ({"clip": Clip(np.zeros(16_000, np.float32), 16_000)}, ValueError, "got silence"),
    ],
)
def test_bad_input(prompts, change, error, message):
    with pytest.raises(error, match=message):
        embed(**{"clip": prompts[0], "key": 1, **change})
    if "strength" not in change:
        with pytest.raises(error, match=message):
            detect(**{"clip": prompts[0], "key": 1, **change})
