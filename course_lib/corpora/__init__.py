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

__all__ = ["Catalogue", "Recording", "catalogue", "load", "music", "percussion", "speech"]
