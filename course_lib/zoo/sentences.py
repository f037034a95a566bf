"""What the talkers learn to read, and what they are examined on: numbers, dates, times, letters.

A sentence is written text; its words are joined from recordings of single words. A tenth of all
combinations of words, chosen by a hash, is never joined in training.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import numpy as np

from course_lib.audio import Clip
from course_lib.audio.tempo import change_pitch, change_tempo
from course_lib.core import Batches, PairBatch
from course_lib.corpora.splits import fraction
from course_lib.corpora.words import join_words, spoken_words
from course_lib.models.sequence.aloud import LONGEST
from course_lib.models.sequence.frames import SAMPLE_RATE, frames_of
from course_lib.models.sequence.talker import pairs
from course_lib.text.reading import normalise
from course_lib.text.words import MONTHS, ordinal_suffix

TEST, VALIDATION = 0.10, 0.12
"""Sentences whose hash lies below the first are for the test, below the second for validation."""

PAUSE = 0.06
"""Seconds between two words, where nothing else is said."""

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Drawn = Callable[[np.random.Generator], str]


def split_of(words: Sequence[str]) -> str:
    """Return where a sentence belongs: train, validation or test; single words always train."""
    place = fraction(" ".join(words))
    if len(words) == 1 or place >= VALIDATION:
        return "train"
    return "test" if place < TEST else "validation"


# --------------------------------------------------------------- drawing text


def number(rng: np.random.Generator) -> str:
    """Draw a number of three to six digits, every count of digits as likely: "4,012"."""
    digits = int(rng.integers(3, 7))
    return f"{int(rng.integers(10 ** (digits - 1), 10**digits)):,}"


def small_number(rng: np.random.Generator) -> str:
    """Draw a number from -99 to 99."""
    return str(int(rng.integers(-99, 100)))


def day(rng: np.random.Generator) -> str:
    """Draw a date between 1900 and 2099, written in one of several ways."""
    drawn = date(1900, 1, 1) + timedelta(days=int(rng.integers(73_049)))
    ordinal = f"{drawn.day}{ordinal_suffix(drawn.day)}"
    month = MONTHS[drawn.month - 1].title()
    ways = (
        f"the {ordinal} of {month}",
        f"{month} {ordinal}",
        f"{DAYS[drawn.weekday()]} the {ordinal} of {month}",
        f"the {ordinal} of {month} {drawn.year}",
        drawn.isoformat(),
    )
    return ways[rng.integers(len(ways))]


def time(rng: np.random.Generator) -> str:
    """Draw a time of day, written in one of several ways."""
    hour, minute = int(rng.integers(24)), int(rng.integers(60))
    clock = f"{(hour - 1) % 12 + 1}:{minute:02} {'am' if hour < 12 else 'pm'}"
    ways = (clock, f"{hour}:{minute:02}", f"{DAYS[rng.integers(7)]} {clock}", f"at {clock}")
    return ways[rng.integers(len(ways))]


def letters(rng: np.random.Generator) -> str:
    """Draw one to eight letters: "b, c, d"."""
    return ", ".join(chr(97 + i) for i in rng.integers(26, size=rng.integers(1, 9)))


def few_letters(rng: np.random.Generator) -> str:
    """Draw three to six letters: "b, c, d"."""
    return ", ".join(chr(97 + i) for i in rng.integers(26, size=rng.integers(3, 7)))


def many_digits(rng: np.random.Generator) -> str:
    """Draw sixteen digits in a row, more words than any sentence of the training has."""
    return " ".join(map(str, rng.integers(10, size=16)))


def any_words(rng: np.random.Generator) -> str:
    """Draw one to six words out of all, in any order."""
    return " ".join(rng.choice(vocabulary(), rng.integers(1, LONGEST + 1)))


_SHARES: dict[Drawn, float] = {
    number: 0.4,
    small_number: 0.1,
    day: 0.15,
    time: 0.15,
    letters: 0.08,
    any_words: 0.12,
}

_LISTS: dict[str, tuple[tuple[Drawn, ...], int]] = {
    "numbers": ((number,), 200),
    "dates and times": ((day, time), 100),
    "letters": ((few_letters,), 40),
    "sixteen digits": ((many_digits,), 10),
}


@functools.cache
def vocabulary() -> tuple[str, ...]:
    """Return the words that can be joined, sorted."""
    return tuple(sorted(spoken_words(SAMPLE_RATE)))


@functools.cache
def sentences(which: str, split: str = "test") -> tuple[str, ...]:
    """Return a fixed list of written sentences that no talker has heard joined.

    Parameters
    ----------
    which : "numbers" (200 from 100 to 999,999), "dates and times" (100, half and half), "letters"
        (40 rows of three to six) or "sixteen digits" (10 rows)
    split : "test" or "validation"

    Raises
    ------
    ValueError
        For another list or split.
    """
    if which not in _LISTS:
        raise ValueError(f"need a list out of {', '.join(_LISTS)}, got {which!r}")
    if split not in ("test", "validation"):
        raise ValueError(f"need the split test or validation, got {split!r}; training has no list")
    kinds, count = _LISTS[which]
    rng = np.random.default_rng(len(which))
    found: dict[tuple[str, ...], str] = {}
    while len(found) < count:
        text = kinds[len(found) % len(kinds)](rng)
        words = normalise(text)
        if split_of(words) == split:
            found.setdefault(words, text)
    return tuple(found.values())


# ------------------------------------------------------------- joining sounds


def read_from_recordings(words: Sequence[str]) -> Clip:
    """Return the words of a sentence joined from the first recording of each, evenly spaced."""
    return join_words(
        [spoken_words(SAMPLE_RATE)[word][0] for word in words], pauses=[PAUSE] * (len(words) - 1)
    )


@functools.cache
def _takes() -> tuple[dict[str, tuple[Clip, ...]], ...]:
    """Return the recordings as they are and in four other ways: slower, faster, lower, higher."""
    ways: tuple[Callable[[Clip], Clip], ...] = (
        lambda clip: clip,
        lambda clip: change_tempo(clip, 0.94),
        lambda clip: change_tempo(clip, 1.06),
        lambda clip: change_pitch(clip, -0.4),
        lambda clip: change_pitch(clip, 0.4),
    )
    words = spoken_words(SAMPLE_RATE)
    return tuple({word: tuple(map(way, clips)) for word, clips in words.items()} for way in ways)


def joined(words: Sequence[str], rng: np.random.Generator, *, even: bool = False) -> Clip:
    """Return the words of a sentence joined as in training: no two times alike.

    Pauses of up to 0.12 s; the whole faster, slower, lower, higher or as it was; the level of
    the whole within 3 dB, and of each word within 1 dB of that.

    Parameters
    ----------
    words : of the sentence, each of which is in `vocabulary`
    rng : draws all of this
    even : whether the pauses within the sentence are of one length
    """
    takes = _takes()
    said = takes[rng.integers(len(takes))]
    chosen = [said[word][rng.integers(len(said[word]))] for word in words]
    level = rng.uniform(-3, 3)
    gains = 10 ** ((level + rng.uniform(-1, 1, len(words))) / 20)
    louder = [
        clip.with_samples(clip.samples * gain) for clip, gain in zip(chosen, gains, strict=True)
    ]
    pauses = rng.uniform(0, 0.12, len(words) - 1)
    if even:
        pauses[1:] = pauses[:1]
    return join_words(louder, pauses=pauses.tolist())


def drawn_for_training(size: int, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Draw sentences for training, of about the same length: neighbours among four times as many.

    Parameters
    ----------
    size : of the batch
    rng : draws them
    """
    kinds, shares = list(_SHARES), np.array(list(_SHARES.values()))
    drawn: list[tuple[str, ...]] = []
    while len(drawn) < 4 * size:
        words = normalise(kinds[rng.choice(len(kinds), p=shares)](rng))
        if split_of(words) == "train":
            drawn.append(words)
    drawn.sort(key=lambda words: len(" ".join(words)))
    first = rng.integers(len(drawn) - size + 1)
    return drawn[first : first + size]


def reading_batches(
    tokens: Callable[[Sequence[str]], np.ndarray],
    *,
    size: int,
    seed: int,
    even: bool = False,
    scheduled_sampling: float = 0.0,
    scheduled_from: int = 0,
) -> Batches:
    """Return endless batches of sentences and their frames, of about the same length in a batch.

    Parameters
    ----------
    tokens : of words, such as `Talker.tokens`
    size : sentences in a batch
    seed : of the whole run
    even : as in `joined`
    scheduled_sampling, scheduled_from : as `PairBatch.scheduled_sampling`, and the first step
        that has it
    """

    def batch(index: int) -> PairBatch:
        rng = np.random.default_rng([seed, index])
        chosen = drawn_for_training(size, rng)
        return pairs(
            [(tokens(words), frames_of(joined(words, rng, even=even))) for words in chosen],
            seed=int(rng.integers(2**31)),
            scheduled_sampling=scheduled_sampling if index >= scheduled_from else 0.0,
        )

    return batch
