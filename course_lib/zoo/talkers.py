"""How the talkers of the course were trained, and how they are examined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar, TypeAlias

import numpy as np

from course_lib.audio import Clip
from course_lib.core import Batches, check_count, seeded
from course_lib.corpora import Catalogue
from course_lib.corpora.words import word_recordings
from course_lib.evaluation.ears.recogniser import (
    DATES_AND_TIMES,
    NUMBERS,
    Recogniser,
    WordErrorRate,
    word_error_rate,
)
from course_lib.models.sequence.seq2seq import Seq2SeqConfig
from course_lib.models.sequence.talker import (
    BANDS,
    HOP_LENGTH,
    SAMPLE_RATE,
    WINDOW_LENGTH,
    Talker,
    TalkerConfig,
    Vocoder,
    frames_of,
    griffin_lim_vocoder,
)
from course_lib.models.sequence.transformer import TransformerConfig
from course_lib.models.waveform.wavenet import WaveNet
from course_lib.text.reading import normalise
from course_lib.training import Schedule
from course_lib.zoo.sentences import (
    read_from_recordings,
    reading_batches,
    sentences,
    vocabulary,
)

GRAMMARS = {"numbers": NUMBERS, "dates and times": DATES_AND_TIMES}
"""The lists of `sentences`, and what the recogniser expects of each."""

QUICK = 12
"""The first sentences of a list, so many of them, can be judged again in seconds."""

Reader: TypeAlias = Callable[[Sequence[tuple[str, ...]]], Iterator[Clip]]
"""From the words of several sentences to a clip of each."""


@dataclass(frozen=True)
class TalkerRecipe:
    """Everything that a talker's training depends on, beside the recordings themselves.

    Parameters
    ----------
    core : the shape of the network between text and frames
    schedule : how long and how fast
    size : sentences in a batch
    group, deafness : as in `TalkerConfig`
    even : whether the pauses within a sentence are of one length, as in `sentences.joined`
    own, own_from : scheduled sampling, as in `sentences.reading_batches`
    seed : of the first weights and of the batches
    validate_every : steps between two looks at the validation sentences

    Raises
    ------
    TypeError, ValueError
        For counts below 1, or a seed below 0.
    """

    core: Seq2SeqConfig | TransformerConfig
    schedule: Schedule
    size: int = 32
    group: int = 4
    deafness: float = 0.0
    even: bool = False
    own: float = 0.0
    own_from: int = 0
    seed: int = 1
    validate_every: int = 500

    begins_with: ClassVar[None] = None  # no talker goes on from another's weights
    unit: ClassVar[str] = "nats per mel value"
    """Of `validate`."""

    def __post_init__(self) -> None:
        check_count(self.size, "size")
        check_count(self.validate_every, "validate_every")
        check_count(self.seed, "seed", minimum=0)

    @property
    def network(self) -> TalkerConfig:
        """The configuration of the talker, which says all words that can be joined."""
        return TalkerConfig(vocabulary(), self.core, self.group, deafness=self.deafness)

    def build(self) -> Talker:
        """Return the untrained talker."""
        return Talker(self.network, seed=self.seed)

    def batches(self, network: Talker) -> Batches:
        """Return what the talker learns from: endless sentences joined from recordings."""
        return reading_batches(
            network.tokens,
            size=self.size,
            seed=self.seed,
            even=self.even,
            own=self.own,
            own_from=self.own_from,
        )

    def recordings(self) -> Catalogue:
        """Return the recordings that the sentences are joined from."""
        return word_recordings()

    def validate(self, network: Talker) -> float:
        """Return the nats per mel value of the first validation sentences."""
        return nats_per_value(network, "validation", count=QUICK)

    def examine(self, network: Talker) -> dict[str, Any]:
        """Return what the card says: likelihood and word error on the test sentences.

        Without pocketsphinx there is no word error.
        """
        found: dict[str, Any] = {
            "nats per mel value": nats_per_value(network),
            f"nats per mel value, {QUICK} first": nats_per_value(network, count=QUICK),
        }
        for which in GRAMMARS if find_spec("pocketsphinx") else ():
            found[f"word error, {which}"] = word_error(talking(network), which).as_json()
        return found

    def describe(self, network: Talker) -> str:
        """Return in a sentence what the talker is and what it can do."""
        core = network.config.core
        if isinstance(core, TransformerConfig):
            shape = f"Transformer of {core.encoder_layers} + {core.decoder_layers} layers"
        else:
            looks = {"fixed": "no", "additive": "additive", "location": "location-sensitive"}
            shape = f"{core.cell.upper()} of {core.units} units, {looks[core.attention]} attention"
        words = len(network.config.vocabulary)
        return (
            f"{shape}, {SAMPLE_RATE} Hz; reads aloud numbers below a million, dates, times and "
            f"letters, in English, with {words} words and no others"
        )


# ----------------------------------------------------------------- examining


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


def talking(talker: Talker, vocoder: Vocoder = griffin_lim_vocoder) -> Reader:
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
    if theirs != (SAMPLE_RATE, BANDS, WINDOW_LENGTH, HOP_LENGTH):
        raise ValueError(
            f"need a WaveNet that listens to {BANDS} mel bands every {HOP_LENGTH} samples at "
            f"{SAMPLE_RATE} Hz, got one for {theirs}; take wavenet-vocoder"
        )

    def vocoder(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        length = (len(frames) - 1) * HOP_LENGTH
        return network.sample(length, mel=frames, temperature=temperature, rng=rng)[0]

    return vocoder


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
    recogniser = Recogniser(GRAMMARS[which])
    texts = [normalise(text) for text in sentences(which, split)[:count]]
    heard = [recogniser.recognise(clip) for clip in read(texts)]
    return word_error_rate(texts, heard, rng=seeded(1))


TALKERS = {
    "talker-lstm": TalkerRecipe(
        Seq2SeqConfig("lstm"), Schedule(2600, 4e-3, warmup=200, precision="auto")
    ),
    "talker-gru": TalkerRecipe(
        Seq2SeqConfig("gru"), Schedule(3000, 4e-3, warmup=200, precision="auto")
    ),
    "talker-fixed": TalkerRecipe(
        Seq2SeqConfig("lstm", attention="fixed", units=192),
        Schedule(800, 4e-3, warmup=100, precision="auto"),
    ),
    "talker-transformer": TalkerRecipe(
        TransformerConfig(),
        Schedule(8500, 4e-3, warmup=400, restart=6000, precision="auto"),
        size=16,
        deafness=0.5,
        even=True,
        own=0.5,
        own_from=3000,
    ),
}
"""The talkers, by name; all say the same words."""
