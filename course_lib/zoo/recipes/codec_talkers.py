"""How the codec talker was trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, ClassVar

from course_lib.core import Batches, check_count
from course_lib.corpora import Catalogue
from course_lib.corpora.words import word_recordings
from course_lib.models.sequence.codec_talker import CodecTalker, CodecTalkerConfig
from course_lib.models.sequence.transformer import TransformerConfig
from course_lib.training import Schedule
from course_lib.zoo.coded import coded_batches
from course_lib.zoo.exams.codec_talkers import nats_per_code
from course_lib.zoo.exams.talkers import FEW_SENTENCES, GRAMMARS, talking, word_error
from course_lib.zoo.recipes.talkers import words_misheard
from course_lib.zoo.sentences import vocabulary
from course_lib.zoo.store import load


@dataclass(frozen=True)
class CodecTalkerRecipe:
    """Everything that a codec talker's training depends on, beside the recordings themselves.

    Parameters
    ----------
    schedule : how long and how fast
    codec : the trained codec whose codes it says, of the zoo
    core : the shape of the Transformer
    stages, group, head : as in `CodecTalkerConfig`
    size : sentences in a batch
    seed : of the first weights and of the batches
    validate_every : steps between two looks at the validation sentences
    begins_with : the trained talker of the same shape whose weights are the first ones, or None
    """

    schedule: Schedule
    codec: str = "codec-speech"
    core: TransformerConfig = field(default_factory=TransformerConfig)
    stages: int = 4
    group: int = 4
    head: int = 64
    size: int = 8
    seed: int = 1
    validate_every: int = 400
    begins_with: str | None = None

    unit: ClassVar[str] = "nats per code"
    """Of `validate`."""

    def __post_init__(self) -> None:
        for name in ("stages", "group", "head", "size", "validate_every"):
            check_count(getattr(self, name), name)
        check_count(self.seed, "seed", minimum=0)

    @property
    def configuration(self) -> CodecTalkerConfig:
        """The configuration of the talker, which says all words that can be joined."""
        return CodecTalkerConfig(
            vocabulary(),
            load(self.codec).config,
            stages=self.stages,
            core=self.core,
            group=self.group,
            head=self.head,
        )

    def build(self) -> CodecTalker:
        """Return the untrained talker, with the trained codec in it."""
        talker = CodecTalker(self.configuration, seed=self.seed)
        talker.codec.load_state_dict(load(self.codec).state_dict())
        return talker

    def batches(self, network: CodecTalker) -> Batches:
        """Return what the talker learns from: endless sentences joined from coded words."""
        return coded_batches(network, size=self.size, seed=self.seed)

    def recordings(self) -> Catalogue:
        """Return the recordings that the sentences are joined from."""
        return word_recordings()

    def validate(self, network: CodecTalker) -> float:
        """Return the nats per code of the first validation sentences."""
        return nats_per_code(network, "validation", count=FEW_SENTENCES)

    def examine(self, network: CodecTalker) -> dict[str, Any]:
        """Return what the card says: likelihood of the first test sentences, word error on all.

        Without pocketsphinx there is no word error.
        """
        found: dict[str, Any] = {"nats per code": nats_per_code(network, count=FEW_SENTENCES)}
        for which in GRAMMARS if find_spec("pocketsphinx") else ():
            found[f"word error, {which}"] = word_error(talking(network), which).as_json()
        return found

    def describe(self, network: CodecTalker) -> str:
        """Return in a sentence what the talker is and what it can do."""
        config, core = network.config, network.config.core
        return (
            f"Transformer of {core.encoder_layers} + {core.decoder_layers} layers that says the "
            f"codes of {self.codec} ({config.stages} x {config.codec.codes}, "
            f"{config.codec.bits_per_second(config.stages):.0f} bits a second); reads aloud "
            "numbers below a million, dates, times and letters, in English, with "
            f"{len(config.vocabulary)} words and no others"
        )

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        told = f"{found['nats per code']:.2f} nats per code of unheard sentences"
        return told + words_misheard(found)


CODEC_TALKERS = {
    "talker-codec": CodecTalkerRecipe(
        Schedule(16_000, 2e-3, warmup=300),
        core=TransformerConfig(encoder_layers=1, decoder_layers=2),
        validate_every=1000,
    )
}
"""The codec talker, by name; it says the words of the others."""
