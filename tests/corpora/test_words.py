"""Spoken words: which there are, how they are trimmed, and how they are joined."""

import string

import numpy as np
import pytest

from course_lib.audio import tone
from course_lib.corpora import catalogue, join_words, spoken_words
from course_lib.corpora.words import EDGE, PIECES

RATE = 16_000


def level(samples):
    """The loudness of each 10 ms in dB below the loudest."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(float)
    power = np.mean(frames**2, axis=1)
    return 10 * np.log10(np.maximum(power / power.max(), 1e-12))


def test_the_vocabulary():
    words = spoken_words()
    units = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    units += " fifteen sixteen seventeen eighteen nineteen hundred thousand"
    tens = "twenty thirty forty fifty sixty seventy eighty ninety"
    ordinals = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
    ordinals += " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
    ordinals += " hundredth thousandth"
    days = "monday tuesday wednesday thursday friday saturday sunday"
    months = "january february march april may june july august september october november december"
    small = "oh o'clock am pm and at minus today tomorrow yesterday the of"
    expected = f"{units} {tens} {ordinals} {days} {months} {small}".split()
    expected += [ten[:-1] + "ieth" for ten in tens.split()]
    assert set(words) == {*expected, *string.ascii_lowercase}
    assert list(words) == sorted(words)


def test_words_are_of_the_training_split():
    english = catalogue().select(language="en", voice="Allison Smith")
    takes = [r for r in english if r.text in spoken_words() or r.text in ("a m", "p m")]
    assert {r.split for r in takes} == {"train"}
    pieces = [english[name] for _, name, _, _ in PIECES]
    assert {r.split for r in pieces} == {"train"}
    assert all(word in r.text.split() for (word, *_), r in zip(PIECES, pieces, strict=True))
    assert len(takes) + len(pieces) == sum(map(len, spoken_words().values()))
    assert len(spoken_words()["at"]) == 2


def test_words_are_trimmed_to_their_sound():
    for word, clips in spoken_words().items():
        for clip in clips:
            assert clip.sample_rate == RATE, word
            assert (0.05 if word in ("the", "of") else 0.4) < clip.duration < 1.1, word
            assert clip.peak < 0.9, word
            loud = np.flatnonzero(level(clip.samples) > -39)
            assert loud[0] <= 5, word
            assert loud[-1] >= len(clip) // 160 - 10, word
            assert np.abs(clip.samples[[0, -1]]).max() < 1e-3, word  # faded, no click


def test_joined_words_keep_their_samples():
    one, two = spoken_words()["one"][0], spoken_words()["two"][0]
    joined = join_words([one, two, one], pauses=[0.1, 0.0])
    edge, pause = np.zeros(round(EDGE * RATE)), np.zeros(1600)
    parts = [edge, one.samples, pause, two.samples, one.samples, edge]
    np.testing.assert_array_equal(joined.samples, np.concatenate(parts))
    assert len(join_words([one], pauses=[])) == len(one) + 2 * len(edge)


def test_another_sample_rate():
    low = spoken_words(8000)["five"][0]
    assert low.sample_rate == 8000
    assert low.duration == pytest.approx(spoken_words()["five"][0].duration, abs=1e-3)
    assert spoken_words(8000) is spoken_words(8000)
    with pytest.raises(TypeError, match="sample_rate"):
        spoken_words("8000")
    with pytest.raises(ValueError, match="sample_rate"):
        spoken_words(0)


def test_what_cannot_be_joined():
    word = spoken_words()["one"][0]
    with pytest.raises(ValueError, match="one or more clips"):
        join_words([], pauses=[])
    with pytest.raises(ValueError, match=r"one sample rate, got rates \[8000, 16000\]"):
        join_words([word, tone(200, 0.1, 8000)], pauses=[0.1])
    with pytest.raises(TypeError, match="need a Clip"):
        join_words([word.samples], pauses=[])
    with pytest.raises(ValueError, match="one pause fewer than words, 1, got 2"):
        join_words([word, word], pauses=[0.1, 0.1])
    for pause in (-0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match="pause"):
            join_words([word, word], pauses=[pause])
    with pytest.raises(TypeError, match="pause"):
        join_words([word, word], pauses=["long"])


def test_words_cannot_be_changed_for_others():
    with pytest.raises(TypeError):
        spoken_words()["one"] = ()
    with pytest.raises(ValueError, match="read-only"):
        spoken_words()["one"][0].samples[0] = 1.0
