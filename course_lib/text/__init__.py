"""Written text into spoken words, and back."""

from course_lib.text.reading import clauses, normalise
from course_lib.text.words import (
    ONES,
    Words,
    date_words,
    number_of,
    number_words,
    ordinal_of,
    ordinal_words,
    time_words,
    year_words,
)

__all__ = [
    "ONES",
    "Words",
    "clauses",
    "date_words",
    "normalise",
    "number_of",
    "number_words",
    "ordinal_of",
    "ordinal_words",
    "time_words",
    "year_words",
]
