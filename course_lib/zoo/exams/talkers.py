"""What talkers are asked: the likelihood of sentences, and how many words are misheard."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from course_lib.audio import Clip
from course_lib.core import FrameVocoder, seeded
from course_lib.evaluation import listeners
from course_lib.evaluation.ears.recogniser import (
    DATES_AND_TIMES,
    DIGITS,
    NUMBERS,
    Recogniser,
    WordErrorRate,
    letters_in_a_row,
    word_error_rate,
)
from course_lib.evaluation.intervals import bootstrap
from course_lib.models.sequence.aloud import ReadsAloud
from course_lib.models.sequence.frames import (
    BANDS,
    HOP_LENGTH,
    SAMPLE_RATE,
    WINDOW_LENGTH,
    Vocoder,
    frames_of,
    griffin_lim_vocoder,
)
from course_lib.models.sequence.talker import Talker
from course_lib.models.waveform.wavenet import WaveNet
from course_lib.text.reading import normalise
from course_lib.zoo.sentences import (
    read_from_recordings,
    sentences,
)

GRAMMARS = {"numbers": NUMBERS, "dates and times": DATES_AND_TIMES}
"""The lists of `sentences`, and what the recogniser expects of each."""

ROWS: dict[str, Callable[[int], str]] = {
    "letters": letters_in_a_row,
    "sixteen digits": lambda count: DIGITS,
}
"""Lists of `sentences` in which any word may follow any other, and from the number of words to what
the recogniser expects."""

FEW_SENTENCES = 12
"""The first sentences of a list, so many of them, can be judged again in seconds."""

Reader: TypeAlias = Callable[[Sequence[tuple[str, ...]]], Iterator[Clip]]
"""From the words of several sentences to a clip of each."""


def nats_per_value(talker: Talker, split: str = "test", *, count: int | None = None) -> float:
    """Return -log p(Y | X) over the values of Y, for recordings of sentences never joined before.

    Parameters
    ----------
    talker : to be judged
    split : of `sentences`
    count : of each list the first so many sentences; None for all
    """
    nats, values = 0.0, 0
    for which in GRAMMARS:
        for text in sentences(which, split)[:count]:
            words = normalise(text)
            frames = frames_of(read_from_recordings(words))
            nats -= talker.log_likelihood(words, frames).nats
            values += frames.size
    return nats / values


def recordings(texts: Sequence[tuple[str, ...]]) -> Iterator[Clip]:
    """Yield sentences joined from the real recordings: the floor of every word error."""
    return map(read_from_recordings, texts)


def through(vocoder: Vocoder) -> Reader:
    """Return a reader of real recordings that have passed through frames and a vocoder."""

    def read(texts: Sequence[tuple[str, ...]]) -> Iterator[Clip]:
        for i, clip in enumerate(recordings(texts)):
            yield Clip(vocoder(frames_of(clip), seeded(i)), SAMPLE_RATE)

    return read


def talking(talker: ReadsAloud, vocoder: Vocoder = griffin_lim_vocoder) -> Reader:
    """Return a talker as a reader."""

    def read(texts: Sequence[tuple[str, ...]]) -> Iterator[Clip]:
        for start in range(0, len(texts), 20):
            for i, spoken in enumerate(talker.speak(texts[start : start + 20]), start):
                yield Clip(vocoder(spoken.frames, seeded(i)), SAMPLE_RATE)

    return read


def wavenet_vocoder(network: WaveNet, *, temperature: float = 0.6) -> Vocoder:
    """Return a WaveNet that listens to frames, as a vocoder for talkers.

    Raises
    ------
    ValueError
        For a network that does not listen to the frames of talkers.
    """
    mel, rate = network.config.mel, network.config.sample_rate
    theirs = None if mel is None else (rate, mel.bands, mel.window_length, mel.hop_length)
    _check_frames(theirs, "WaveNet", "wavenet-vocoder")

    def vocoder(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        length = (len(frames) - 1) * HOP_LENGTH
        return network.sample(length, mel=frames, temperature=temperature, rng=rng)[0]

    return vocoder


def mel_vocoder(network: FrameVocoder) -> Vocoder:
    """Return a vocoder that works in one pass, as a vocoder for talkers; it draws nothing.

    Raises
    ------
    ValueError
        For a network that does not listen to the frames of talkers.
    """
    config = network.config
    theirs = (config.sample_rate, config.bands, config.window_length, config.hop_length)
    _check_frames(theirs, "vocoder", "hifigan-vocoder")
    return lambda frames, rng: network.vocode(frames)


def _check_frames(theirs: tuple[int, ...] | None, kind: str, instead: str) -> None:
    """Refuse a network that listens to other frames: rate, bands, window and hop, or to none."""
    if theirs != (SAMPLE_RATE, BANDS, WINDOW_LENGTH, HOP_LENGTH):
        raise ValueError(
            f"need a {kind} that listens to {BANDS} mel bands every {HOP_LENGTH} samples at "
            f"{SAMPLE_RATE} Hz, got one for {theirs}; take {instead}"
        )


def word_error(
    read: Reader, which: str, *, split: str = "test", count: int | None = None
) -> WordErrorRate:
    """Return how many words of a list a recogniser gets wrong when somebody reads it.

    Parameters
    ----------
    read : who reads: `recordings`, `through` or `talking`
    which, split : of `sentences`
    count : the first so many sentences; None for all

    Raises
    ------
    ModuleNotFoundError
        Where pocketsphinx is not installed.
    """
    expects = ROWS.get(which, lambda count: GRAMMARS[which])
    hears = functools.cache(Recogniser)
    texts, heard = [normalise(text) for text in sentences(which, split)[:count]], []
    for words, clip in zip(texts, read(texts), strict=True):
        heard.append(hears(expects(len(words))).recognise(clip))
    return word_error_rate(texts, heard, rng=seeded(1))


def opinion(read: Reader, *, count: int = FEW_SENTENCES) -> dict[str, float]:
    """Return what listeners would say, by DNSMOS, when somebody reads the first test numbers.

    Parameters
    ----------
    read : who reads: `recordings`, `through` or `talking`
    count : how many numbers

    Raises
    ------
    ModuleNotFoundError
        Where speechmos is not installed.
    """
    texts = [normalise(text) for text in sentences("numbers")[:count]]
    heard = np.array([listeners.dnsmos(_within(clip)) for clip in read(texts)])
    mean = bootstrap(heard, np.ones(len(heard)), rng=seeded(1))
    return {**mean._asdict(), "sentences": len(heard)}


def _within(clip: Clip) -> Clip:
    """Return a clip that is scaled where it overshoots full scale."""
    return clip.with_samples(clip.samples / max(1.0, clip.peak * (1 + 1e-6)))
