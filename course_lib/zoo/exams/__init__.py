"""How trained networks are examined, a file a family: what stands on their cards as scores."""

from course_lib.zoo.exams.percussion import drawn_like
from course_lib.zoo.exams.talkers import (
    mel_vocoder,
    recordings,
    talking,
    through,
    wavenet_vocoder,
    word_error,
)

__all__ = [
    "drawn_like",
    "mel_vocoder",
    "recordings",
    "talking",
    "through",
    "wavenet_vocoder",
    "word_error",
]
