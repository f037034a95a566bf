"""What a talker made of a text, and whether words may be missing."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from course_lib.audio import Clip
from course_lib.corpora.words import EDGE, spoken_words
from course_lib.models.sequence.frames import (
    HOP_LENGTH,
    SAMPLE_RATE,
)

TEMPO, LONGEST_PAUSE = (0.94, 1.06), 0.12
"""How slowly and fast, and with how many seconds between two words, talkers heard sentences."""


@dataclass(frozen=True, eq=False)
class Spoken:
    """What a talker made of a text.

    Attributes
    ----------
    words : of the text, as they are spoken
    frames : log-mel frames
    weights : how much each step looked at each token; a step is `group` frames
    stopped : whether the network said itself that it had finished
    """

    words: tuple[str, ...]
    frames: Float[np.ndarray, "frames bands"]
    weights: Float[np.ndarray, "steps tokens"]
    stopped: bool


class WordsInDoubtError(ValueError):
    """A text was read, but some of its words may be missing, or said twice.

    Attributes
    ----------
    spoken : the pieces in doubt
    clip : the sound of the whole text
    """

    def __init__(self, spoken: Sequence[Spoken], clip: Clip) -> None:
        self.spoken, self.clip = tuple(spoken), clip
        doubts = [f"{' '.join(one.words)!r} {doubt(one)}" for one in spoken]
        more = f"; and {len(doubts) - 3} more" if len(doubts) > 3 else ""
        super().__init__(
            f"need every word said once, got some in doubt: {'; '.join(doubts[:3])}{more}; "
            "take another talker or other words"
        )


def doubt(spoken: Spoken) -> str:
    """Return why words may be missing or said twice; nothing where all is as in the recordings.

    Sentences of these words lasted in training from

        2 e + sum_i low_i / 1.06   to   2 e + sum_i high_i / 0.94 + 0.12 (n - 1)

    seconds, with the shortest and longest recording of each word, low and high, and e seconds of
    silence at the ends. The sound may be one step shorter or longer, and the network must have
    said that it had finished. What lasts as long may still be other words.

    Notebook: 13.
    """
    if not spoken.stopped:
        return "never came to an end"
    times = _durations()
    unknown = (min(low for low, _ in times.values()), max(high for _, high in times.values()))
    low, high = np.sum([times.get(word, unknown) for word in spoken.words], axis=0)
    slow, fast = TEMPO
    seconds = len(spoken.frames) * HOP_LENGTH / SAMPLE_RATE
    step = seconds / len(spoken.weights)
    shortest = 2 * EDGE + low / fast - step
    longest = 2 * EDGE + high / slow + LONGEST_PAUSE * (len(spoken.words) - 1) + step
    if shortest <= seconds <= longest:
        return ""
    return f"lasts {seconds:.2f} s where recordings take {shortest:.2f} to {longest:.2f} s"


@functools.cache
def _durations() -> Mapping[str, tuple[float, float]]:
    """Return of each word how long its shortest and its longest recording is, in seconds."""
    durations = {
        word: [clip.duration for clip in clips] for word, clips in spoken_words(SAMPLE_RATE).items()
    }
    return {word: (min(several), max(several)) for word, several in durations.items()}
