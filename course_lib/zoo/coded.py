"""Sentences as codes: what the codec talker learns from, joined from coded words.

To code a sentence takes longer than to learn from it. So every recording of a word is coded once,
between two silences, and sentences are joined from these codes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Int

from course_lib.audio import Clip
from course_lib.core import Batches, PairBatch
from course_lib.corpora.words import join_words, spoken_words
from course_lib.models.sequence.codec_talker import CodecTalker
from course_lib.models.sequence.coded import coded_pairs
from course_lib.zoo.sentences import drawn_for_training

CodedWords: TypeAlias = Mapping[str, Sequence[Int[np.ndarray, "sets stages"]]]
"""The recordings of each word, in codes."""


def coded_words(talker: CodecTalker, words: Collection[str] | None = None) -> CodedWords:
    """Return every recording of words, in codes.

    A word is written between two silences of `corpora.words.EDGE`; the second is filled up, so
    that the word makes whole steps.

    Parameters
    ----------
    talker : its codec writes them, and its configuration says how long a step is
    words : which; None for all that can be joined
    """
    config = talker.config
    step = config.group * config.codec.stride * config.codec.hop_length

    def coded(clip: Clip) -> Int[np.ndarray, "sets stages"]:
        sound = join_words([clip], pauses=[]).samples
        whole = np.pad(sound, (0, -len(sound) % step))[:-1]  # n hops are n + 1 frames
        return talker.codec.encode(Clip(whole, clip.sample_rate), stages=config.stages)

    return {
        word: tuple(map(coded, clips))
        for word, clips in spoken_words(config.codec.sample_rate).items()
        if words is None or word in words
    }


def joined_codes(
    words: Sequence[str], coded: CodedWords, rng: np.random.Generator | None = None
) -> tuple[Int[np.ndarray, "sets stages"], Int[np.ndarray, "sets"]]:
    """Return the codes of a sentence, and which word each set says.

    Parameters
    ----------
    words : of the sentence
    coded : as `coded_words` returns them
    rng : chooses among recordings of a word; None for the first of each
    """
    takes = [0 if rng is None else int(rng.integers(len(coded[word]))) for word in words]
    chosen = [coded[word][take] for word, take in zip(words, takes, strict=True)]
    return np.concatenate(chosen), np.repeat(np.arange(len(chosen)), [len(c) for c in chosen])


def coded_batches(talker: CodecTalker, *, size: int, seed: int) -> Batches:
    """Return endless batches of sentences and their codes, of about the same length in a batch.

    Parameters
    ----------
    talker : that learns from them
    size : sentences in a batch
    seed : of the whole run
    """
    coded = coded_words(talker)

    def batch(index: int) -> PairBatch:
        rng = np.random.default_rng([seed, index])
        examples = []
        for words in drawn_for_training(size, rng):
            codes, places = joined_codes(words, coded, rng)
            examples.append((talker.tokens(words), codes, places))
        return coded_pairs(examples, seed=int(rng.integers(2**31)))

    return batch
