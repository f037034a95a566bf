"""Melodies: keys are MIDI numbers, every tune is in C, and what cannot be read is said."""

import numpy as np
import pytest

from course_lib.corpora.melodies import SCORES, key_number, melody


@pytest.mark.parametrize(
    ("name", "number"), [("C4", 60), ("A4", 69), ("F#4", 66), ("Bb3", 58), ("C0", 12), ("B3", 59)]
)
def test_keys(name, number):
    assert key_number(name) == number


@pytest.mark.parametrize("name", ["", "H4", "C", "C##4", "4", "Cb", "c4"])
def test_what_is_no_key(name):
    with pytest.raises(ValueError, match="need a key such as C4"):
        key_number(name)


@pytest.mark.parametrize("title", SCORES)
def test_every_tune_is_in_c_and_keeps_to_a_voice(title):
    keys, beats = melody(title)
    assert len(keys) == len(beats) >= 20
    assert set(keys % 12) <= {0, 2, 4, 5, 7, 9, 11}
    assert keys.min() >= 55
    assert keys.max() <= 72
    assert set(beats) <= {0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0}


def test_whole_bars():
    """Of tunes in four, without an upbeat."""
    for title in ("Ode to Joy", "Frère Jacques", "Mary had a little lamb", "Au clair de la lune"):
        assert melody(title).beats.sum() % 4 == 0


def test_a_title_that_is_not_there():
    with pytest.raises(ValueError, match="Ode to Joy"):
        melody("Yesterday")


def test_known_beginning():
    keys, beats = melody("Frère Jacques")
    assert np.array_equal(keys[:4], [60, 62, 64, 60])
    assert np.array_equal(beats[8:11], [1, 1, 2])
