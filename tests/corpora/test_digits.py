"""Spoken digits: how many takes, from where, and that they are what they say."""

import numpy as np
import pytest

from course_lib.corpora import catalogue, spoken_digits
from course_lib.corpora.digits import NAMES, PIECES


def test_every_language_has_one_take_alone_of_each_digit():
    takes = spoken_digits()
    assert len(takes) == 50 + len(PIECES) == 86
    alone = [(take.language, take.digit) for take in takes if take.alone]
    languages = ("en", "es", "fr", "it", "ru")
    assert sorted(alone) == [(language, digit) for language in languages for digit in range(10)]
    assert {take.language for take in takes if not take.alone} == {"en"}
    english = [take.digit for take in takes if take.language == "en"]
    np.testing.assert_array_equal(np.bincount(english), [3, 11, 5, 5, 5, 4, 3, 3, 3, 4])


def test_pieces_lie_in_phrases_that_hold_the_word():
    english = catalogue().select(language="en")
    for word, name, start, stop in PIECES:
        recording = english[f"speech/en/{name}"]
        assert word in recording.text.split()
        assert 0 <= start < stop <= recording.seconds
    assert len({(name, start) for _, name, start, _ in PIECES}) == len(PIECES)
    assert {word for word, *_ in PIECES} == set(NAMES)


def test_takes_are_trimmed_sound():
    for take in spoken_digits(8000):
        assert take.clip.sample_rate == 8000
        assert 0.15 < take.clip.duration < 1.1
        assert take.clip.rms > 0.01


def test_a_bad_rate_is_named():
    with pytest.raises(ValueError, match="need sample_rate of at least 1"):
        spoken_digits(0)
