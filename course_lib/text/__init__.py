"""Written text into spoken words, and back."""

from course_lib.text.reading import (
    ONES,
    Words,
    clauses,
    date_words,
    normalise,
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
