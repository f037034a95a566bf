"""Networks that listen: which sound, which words, how alike."""

from course_lib.evaluation.ears.classifier import (
    Classifier,
    ClassifierConfig,
)
from course_lib.evaluation.ears.embedding import (
    SoundEffects,
)
from course_lib.evaluation.ears.recogniser import (
    Recogniser,
    WordErrorRate,
    word_error_rate,
    word_errors,
)

__all__ = [
    "Classifier",
    "ClassifierConfig",
    "Recogniser",
    "SoundEffects",
    "WordErrorRate",
    "word_error_rate",
    "word_errors",
]
