"""Spoken digits, several takes of each: alone, cut out of phrases, and in five languages."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from course_lib.audio import Clip, resample
from course_lib.core import check_count
from course_lib.corpora.catalogue import Catalogue, catalogue
from course_lib.corpora.words import trimmed

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

# From where to where an English digit sounds in a phrase, in seconds, as data/build/align.py
# finds; left out are phrases with words that its dictionary does not have.
PIECES = (
    ("zero", "dictate/forhelp", 0.50, 0.94),
    ("zero", "vm-reachoper", 0.49, 0.85),
    ("one", "conf-onlyone", 0.98, 1.24),
    ("one", "confbridge-only-one", 0.95, 1.29),
    ("one", "followme/options", 0.40, 0.68),
    ("one", "one-moment-please", 0.00, 0.40),
    ("one", "vm-onefor", 0.51, 0.83),
    ("one", "vm-onefor-full", 0.50, 0.81),
    ("one", "vm-tempgreeting", 0.50, 0.88),
    ("one", "vm-tocallnum", 0.57, 1.05),
    ("one", "vm-toenternumber", 0.59, 0.94),
    ("one", "vm-toreply", 0.46, 0.83),
    ("two", "followme/options", 2.21, 2.53),
    ("two", "spy-h323", 0.84, 1.12),
    ("two", "vm-calldiffnum", 0.49, 0.80),
    ("two", "vm-tocallback", 0.59, 0.98),
    ("three", "spy-h323", 0.50, 0.84),
    ("three", "spy-h323", 1.12, 1.78),
    ("three", "vm-advopts", 0.53, 0.89),
    ("three", "vm-tohearenv", 0.48, 0.96),
    ("four", "vm-prev", 0.52, 1.03),
    ("four", "vm-review-nonurgent", 0.56, 1.00),
    ("four", "vm-review-urgent", 0.48, 0.91),
    ("four", "vm-tomakecall", 0.55, 0.94),
    ("five", "vm-Cust1", 0.49, 1.16),
    ("five", "vm-leavemsg", 0.40, 0.82),
    ("five", "vm-repeat", 0.41, 0.88),
    ("six", "vm-Cust2", 0.45, 1.09),
    ("six", "vm-next", 0.44, 1.00),
    ("seven", "vm-Cust3", 0.48, 1.26),
    ("seven", "vm-delete", 0.29, 0.75),
    ("eight", "vm-Cust4", 0.53, 1.06),
    ("eight", "vm-toforward", 0.46, 0.78),
    ("nine", "dir-multi9", 0.43, 0.84),
    ("nine", "vm-Cust5", 0.43, 1.16),
    ("nine", "vm-savemessage", 0.34, 0.93),
)


@dataclass(frozen=True, eq=False)
class SpokenDigit:
    """One take of one digit.

    Attributes
    ----------
    digit : 0 to 9
    language : of the word, as a code such as en
    voice : who speaks
    alone : whether it was recorded by itself; otherwise it was cut out of a phrase
    clip : the sound, trimmed
    """

    digit: int
    language: str
    voice: str
    alone: bool
    clip: Clip


def spoken_digits(sample_rate: int = 16_000) -> tuple[SpokenDigit, ...]:
    """Return every take of the ten digits, trimmed to its sound.

    In each of five languages one take of each digit was recorded alone. Of the English ones, 36
    more are cut out of phrases, all of every split: whoever learns from some of the takes says
    which ones are held out.

    Parameters
    ----------
    sample_rate : Hz

    Notebook: 06.
    """
    return _spoken_digits(catalogue(), check_count(sample_rate, "sample_rate"))


@functools.cache
def _spoken_digits(recordings: Catalogue, sample_rate: int) -> tuple[SpokenDigit, ...]:
    takes = []
    for recording in recordings.select(collection="speech", label="digit"):
        digit = int(recording.name.rsplit("/", 1)[1])
        takes.append((digit, recording, True, recording.load()))
    for word, name, start, stop in PIECES:
        recording = recordings[f"speech/en/{name}"]
        takes.append((NAMES.index(word), recording, False, recording.load().cut(start, stop)))
    return tuple(
        SpokenDigit(
            digit, recording.language, recording.voice, alone,
            resample(trimmed(clip), sample_rate),
        )
        for digit, recording, alone, clip in takes
    )  # fmt: skip
