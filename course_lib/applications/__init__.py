"""What the models are good for: a voice made of filters, mended gaps, smaller files."""

from course_lib.applications.concealment import (
    conceal,
    lose_packets,
)
from course_lib.applications.lpc import analyse, synthesise
from course_lib.applications.singing import sing

__all__ = [
    "analyse",
    "conceal",
    "lose_packets",
    "sing",
    "synthesise",
]
