"""What a talker is made of, as numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from course_lib.core import check_count, check_number, settle
from course_lib.models.sequence.seq2seq import Seq2SeqConfig
from course_lib.models.sequence.transformer import TransformerConfig

END = "\n"
"""The token after the last letter."""


@dataclass(frozen=True)
class TalkerConfig:
    """What a `Talker` is made of.

    Parameters
    ----------
    vocabulary : the words that it can say
    core : the shape of the network between text and frames
    group : frames that one step makes
    prenet : units of the two layers that hear the last frame
    dropout : probability with which each of these units is silenced in training
    input_dropout : of each text in training, up to this share of steps hears nothing: 0 for none,
        1 for a share between none and all
    guided : weight of `guided_penalty` in the training loss; 0 leaves attention to itself

    Raises
    ------
    TypeError, ValueError
        For no words, counts below 1, or numbers out of range.
    """

    vocabulary: tuple[str, ...]
    core: Seq2SeqConfig | TransformerConfig = field(default_factory=Seq2SeqConfig)
    group: int = 4
    prenet: int = 128
    dropout: float = 0.25
    input_dropout: float = 0.0
    guided: float = 1.0

    def __post_init__(self) -> None:
        if not self.vocabulary:
            raise ValueError("need at least one word in the vocabulary, got none")
        settle(
            self,
            group=check_count(self.group, "group"),
            prenet=check_count(self.prenet, "prenet"),
            dropout=check_number(self.dropout, "dropout", minimum=0, below=1),
            input_dropout=check_number(self.input_dropout, "input_dropout", minimum=0, maximum=1),
            guided=check_number(self.guided, "guided", minimum=0),
        )

    @property
    def symbols(self) -> tuple[str, ...]:
        """The tokens: every letter of the vocabulary, a space, and an end, which comes first."""
        return (END, " ", *sorted(set("".join(self.vocabulary))))
