"""The course's recordings, and larger public ones on demand."""

from course_lib.corpora.catalogue import (
    Catalogue,
    Recording,
    catalogue,
    load,
    music,
    percussion,
    speech,
)
from course_lib.corpora.digits import SpokenDigit, spoken_digits
from course_lib.corpora.public import fsdd, lj_speech
from course_lib.corpora.words import join_words, spoken_words

__all__ = [
    "Catalogue",
    "Recording",
    "SpokenDigit",
    "catalogue",
    "fsdd",
    "join_words",
    "lj_speech",
    "load",
    "music",
    "percussion",
    "speech",
    "spoken_digits",
    "spoken_words",
]
