"""What the networks' pages let hear: sound, not silence, and in words what it is."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import zoo
from course_lib.audio import Clip
from course_lib.core import seeded
from course_lib.editions.site.sounds import network_players, sounds_of
from course_lib.models.sequence.spoken import WordsInDoubtError

CHEAP = [
    "codec-speech",
    "hifigan-vocoder",
    "lstm-speech",
    "percussion-classifier",
    "talker-lstm",
    "wavegan-percussion",
    "wavenet-voices",
]
"""One network of each way in which they are heard, and the one that may draw a pause."""


@pytest.mark.parametrize("name", CHEAP)
def test_a_network_is_heard(name):
    found = sounds_of(zoo.load(name))
    assert 1 <= len(found) <= 2
    for clip, title, told in found:
        assert 0.3 < clip.duration < 5
        assert clip.rms > 0.02
        assert title
        assert told


def test_players_say_what_is_heard_and_come_out_the_same_again():
    page = network_players("wavegan-percussion")
    assert page.count("<audio controls") == 2
    assert "a kick, drawn" in page
    assert "\n" not in page  # a blank line would end the HTML in a page of Markdown
    assert network_players("wavegan-percussion") == page


def test_of_several_draws_the_loudest_is_heard():
    class Moody:
        config = SimpleNamespace(sample_rate=8000)

        def sample(self, length, *, count=1, rng):
            return np.outer([0.01, 0.3, 0.1, 0.2], np.ones(length))

        def blocks(self, length, *, rng):
            raise AssertionError("not asked for")

    ((clip, *_),) = sounds_of(Moody())
    assert clip.peak == pytest.approx(0.3)


def test_a_louder_sound_than_full_scale_is_scaled(monkeypatch):
    class Loud:
        config = SimpleNamespace(sample_rate=16_000)

        def sample(self, length=None, *, count=1, rng, label=None):
            return 2 * np.sin(np.arange(8000, dtype=np.float32))[None]

    monkeypatch.setattr(zoo, "load", lambda name: Loud())
    assert "clipped" not in network_players("loud")


def test_a_talker_in_doubt_says_so():
    class Doubtful:
        def words(self, text):
            return ("five",)

        def say(self, text, *, rng, **settings):
            error = WordsInDoubtError.__new__(WordsInDoubtError)
            error.clip = Clip(seeded(1).uniform(-0.1, 0.1, 8000).astype(np.float32), 16_000)
            raise error

    [(_, _, told)] = sounds_of(Doubtful())
    assert told == "a woman's voice reads “five”; words may be missing"


def test_what_makes_no_sound_has_no_player(monkeypatch):
    monkeypatch.setattr(zoo, "load", lambda name: object())
    assert network_players("silent") == ""
