"""What the models are good for: a voice made of filters, mended gaps, smaller files."""

from course_lib.applications.concealment import (
    conceal,
    lose_packets,
)
from course_lib.applications.lpc import (
    analyse,
    sing,
    synthesise,
)

__all__ = [
    "analyse",
    "conceal",
    "lose_packets",
    "sing",
    "synthesise",
]
