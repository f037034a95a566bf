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
from course_lib.corpora.public import fsdd, lj_speech

__all__ = [
    "Catalogue",
    "Recording",
    "catalogue",
    "fsdd",
    "lj_speech",
    "load",
    "music",
    "percussion",
    "speech",
]
