"""How the talkers were trained."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

from course_lib.core import Batches, check_count
from course_lib.corpora import Catalogue
from course_lib.corpora.words import word_recordings
from course_lib.models.sequence.configuration import TalkerConfig
from course_lib.models.sequence.frames import SAMPLE_RATE
from course_lib.models.sequence.seq2seq import Seq2SeqConfig
from course_lib.models.sequence.talker import Talker
from course_lib.models.sequence.transformer import TransformerConfig
from course_lib.training import Schedule
from course_lib.zoo.exams.talkers import (
    FEW_SENTENCES,
    GRAMMARS,
    ROWS,
    nats_per_value,
    opinion,
    recordings,
    talking,
    word_error,
)
from course_lib.zoo.sentences import (
    reading_batches,
    vocabulary,
)


@dataclass(frozen=True)
class TalkerRecipe:
    """Everything that a talker's training depends on, beside the recordings themselves.

    Parameters
    ----------
    core : the shape of the network between text and frames
    schedule : how long and how fast
    size : sentences in a batch
    group, input_dropout : as in `TalkerConfig`
    even : whether the pauses within a sentence are of one length, as in `sentences.joined`
    scheduled_sampling, scheduled_from : scheduled sampling, as in `sentences.reading_batches`
    seed : of the first weights and of the batches
    validate_every : steps between two looks at the validation sentences
    begins_with : the trained talker of the same shape whose weights are the first ones, or None
    """

    core: Seq2SeqConfig | TransformerConfig
    schedule: Schedule
    size: int = 32
    group: int = 4
    input_dropout: float = 0.0
    even: bool = False
    scheduled_sampling: float = 0.0
    scheduled_from: int = 0
    seed: int = 1
    validate_every: int = 500
    begins_with: str | None = None

    unit: ClassVar[str] = "nats per mel value"
    """Of `validate`."""

    def __post_init__(self) -> None:
        check_count(self.size, "size")
        check_count(self.validate_every, "validate_every")
        check_count(self.seed, "seed", minimum=0)

    @property
    def configuration(self) -> TalkerConfig:
        """The configuration of the talker, which says all words that can be joined."""
        return TalkerConfig(vocabulary(), self.core, self.group, input_dropout=self.input_dropout)

    def build(self) -> Talker:
        """Return the untrained talker."""
        return Talker(self.configuration, seed=self.seed)

    def batches(self, network: Talker) -> Batches:
        """Return what the talker learns from: endless sentences joined from recordings."""
        return reading_batches(
            network.tokens,
            size=self.size,
            seed=self.seed,
            even=self.even,
            scheduled_sampling=self.scheduled_sampling,
            scheduled_from=self.scheduled_from,
        )

    def recordings(self) -> Catalogue:
        """Return the recordings that the sentences are joined from."""
        return word_recordings()

    def validate(self, network: Talker) -> float:
        """Return the nats per mel value of the first validation sentences."""
        return nats_per_value(network, "validation", count=FEW_SENTENCES)

    def examine(self, network: Talker) -> dict[str, Any]:
        """Return what the card says: likelihood and word error on the test sentences.

        Of rows of letters and digits also the word error of real recordings. Without pocketsphinx
        there is no word error, without speechmos no DNSMOS.
        """
        found: dict[str, Any] = {
            "nats per mel value": nats_per_value(network),
            f"nats per mel value, {FEW_SENTENCES} first": nats_per_value(
                network, count=FEW_SENTENCES
            ),
        }
        if find_spec("speechmos"):
            found["DNSMOS"] = opinion(talking(network))
        if not find_spec("pocketsphinx"):
            return found
        for which in (*GRAMMARS, *ROWS):
            found[f"word error, {which}"] = word_error(talking(network), which).as_json()
        for which in ROWS:  # in which the judge errs, too
            found[f"word error, {which}, recordings"] = word_error(recordings, which).as_json()
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

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        told = f"{found['nats per mel value']:.2f} nats per mel value of unheard sentences"
        return told + words_misheard(found)


def words_misheard(found: dict[str, Any]) -> str:
    """Return in words what a recogniser made of a talker's sentences; nothing without one."""
    errors = {which: found.get(f"word error, {which}") for which in GRAMMARS}
    return "".join(
        f", {error['rate']:.1%} of words misheard in {which}"
        for which, error in errors.items()
        if error
    )


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
        Schedule(8000, 3e-3, warmup=300, precision="auto"),
        size=16,
        input_dropout=0.5,
        even=True,
        scheduled_sampling=0.5,
        seed=2,
        begins_with="talker-transformer",
    ),
}
"""The talkers, by name; all say the same words."""
