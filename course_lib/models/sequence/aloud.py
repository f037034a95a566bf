"""What all talkers do alike: which words they know, and how a long text is read in pieces."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.audio import Clip
from course_lib.core import check_generator
from course_lib.models.sequence.frames import (
    SAMPLE_RATE,
    Vocoder,
    at_level,
    griffin_lim_vocoder,
)
from course_lib.models.sequence.spoken import Spoken, WordsInDoubtError, doubt
from course_lib.text.reading import clauses, normalise
from course_lib.text.words import Words

LONGEST = 6
"""Words that a talker has heard joined in any order, at most.

Longer in training were only numbers, dates and rows of letters. In a row of 7 digits and more, the
Transformer leaves words out."""

BREAK = 0.2
"""Seconds between two pieces of a text, beside the silence at the ends of each."""


class ReadsAloud(nn.Module):
    """A network that reads words aloud: `speak` makes frames of words, and the rest follows.

    Attributes
    ----------
    config : has the `vocabulary`, the words that the network can say, and the shares `dropout`
        and `input_dropout` of what it does not hear as it learns
    prenet : the layers through which it hears what it has said

    Notebooks: 13, 18.
    """

    config: Any
    prenet: nn.ModuleList

    def speak(
        self, texts: Sequence[Sequence[str]], *, most_frames: int | None = None
    ) -> list[Spoken]:
        """Read several texts at once."""
        raise NotImplementedError

    def _listen(self, said: Tensor, generator: torch.Generator | None) -> Tensor:
        """Return what the prenet makes of frames; with a generator, some of it is left out."""
        keep = 1 - self.config.dropout
        for layer in self.prenet:
            said = torch.relu(layer(said))
            if generator is not None and keep < 1:
                on = torch.rand(said.shape, generator=generator) < keep
                said = said * on.to(said) / keep
        if generator is not None and self.config.input_dropout:
            steps, size, _ = said.shape
            share = self.config.input_dropout * torch.rand(size, generator=generator)
            heard = torch.rand(steps, size, generator=generator) >= share
            said = said * heard[..., None].to(said)
        return said

    def words(self, text: str) -> tuple[str, ...]:
        """Return the words of a text, all of which this talker can say.

        Raises
        ------
        TypeError, ValueError
            As `text.reading.normalise`, and for a word outside the vocabulary, which is named.
        """
        return self._known(normalise(text))

    def _known(self, words: Sequence[str]) -> tuple[str, ...]:
        unknown = [word for word in words if word not in self.config.vocabulary]
        if unknown:
            near = difflib.get_close_matches(unknown[0], self.config.vocabulary, n=3)
            offer = f"near it are {', '.join(near)}" if near else "take numbers, dates or times"
            raise ValueError(
                f"cannot say {unknown[0]!r}: this talker knows {len(self.config.vocabulary)} "
                f"words, those of numbers, dates, times and letters; {offer}"
            )
        if not words:
            raise ValueError("need at least one word to say, got none")
        return tuple(words)

    def pieces(self, text: str) -> tuple[Words, ...]:
        """Return the words of a text in pieces as long as those that talkers have learnt from.

        A piece has up to `LONGEST` words. It ends with a comma or another mark where one is
        near, and otherwise behind a whole number, date or time, which is never parted however
        long. There are as few pieces as possible, and the longest is as short as possible.

        Raises
        ------
        TypeError, ValueError
            As `words`.
        """
        self.words(text)
        parts: list[Words] = []
        for things in clauses(text):
            whole = tuple(itertools.chain(*things))
            parts += [whole] if len(whole) <= LONGEST else _packed(things)
        return tuple(_packed(parts))

    def say(self, text: str, *, vocoder: Vocoder | None = None, rng: np.random.Generator) -> Clip:
        """Read a text aloud, piece by piece, each at the level of the recordings.

        What is in `doubt` is read again in halves, and these again, down to two words: fewer are
        harder to say than several.

        Parameters
        ----------
        text : such as "4,012", "the 22nd of November", "Tuesday 5:43 pm" or "b, c, d"
        vocoder : from frames and a generator to samples; None for `griffin_lim_vocoder`
        rng : of the vocoder

        Raises
        ------
        WordsInDoubtError
            Where words may be missing, or said twice; it has the sound nevertheless.
        TypeError, ValueError
            As `words`, or for something other than a generator.

        Notebook: 13.
        """
        check_generator(rng)
        spoken = self._surely(self.pieces(text))
        vocoder = vocoder or griffin_lim_vocoder
        sounds = [Clip(at_level(vocoder(one.frames, rng)), SAMPLE_RATE) for one in spoken]
        clip = Clip.join(sounds, gap=BREAK)
        doubted = [one for one in spoken if doubt(one)]
        if doubted:
            raise WordsInDoubtError(doubted, clip)
        return clip

    def _surely(self, texts: Sequence[Words]) -> list[Spoken]:
        """Read several texts; of one in doubt return two halves of two words or more."""
        read: list[Spoken] = []
        for one in self.speak(texts):
            half = len(one.words) // 2
            again = half > 1 and doubt(one)
            read += self._surely([one.words[:half], one.words[half:]]) if again else [one]
        return read


def _packed(parts: Sequence[Words]) -> list[Words]:
    """Join neighbours to as few as possible of up to `LONGEST` words, the longest kept short."""

    def pack(most: int) -> list[Words]:
        packed = [parts[0]]
        for part in parts[1:]:
            if len(packed[-1]) + len(part) <= most:
                packed[-1] += part
            else:
                packed.append(part)
        return packed

    fewest = len(pack(LONGEST))
    return next(packed for packed in map(pack, range(1, LONGEST + 1)) if len(packed) == fewest)
