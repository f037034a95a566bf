"""Networks that turn one sequence into another, and the talker that speaks with them."""

from course_lib.models.sequence.attention import (
    AdditiveAttention,
    dot_product_attention,
    guided_penalty,
)
from course_lib.models.sequence.configuration import TalkerConfig
from course_lib.models.sequence.frames import frames_of, griffin_lim_vocoder
from course_lib.models.sequence.rewriter import (
    Rewriter,
    RewriterConfig,
    reversals,
    rewriting,
)
from course_lib.models.sequence.seq2seq import (
    Seq2Seq,
    Seq2SeqConfig,
)
from course_lib.models.sequence.spoken import WordsInDoubtError
from course_lib.models.sequence.talker import Talker, pairs
from course_lib.models.sequence.transformer import (
    MultiHeadAttention,
    Transformer,
    TransformerConfig,
)

__all__ = [
    "AdditiveAttention",
    "MultiHeadAttention",
    "Rewriter",
    "RewriterConfig",
    "Seq2Seq",
    "Seq2SeqConfig",
    "Talker",
    "TalkerConfig",
    "Transformer",
    "TransformerConfig",
    "WordsInDoubtError",
    "dot_product_attention",
    "frames_of",
    "griffin_lim_vocoder",
    "guided_penalty",
    "pairs",
    "reversals",
    "rewriting",
]
