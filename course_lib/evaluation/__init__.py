"""Judging models: likelihoods on one grid, and the tables that compare them."""

from course_lib.evaluation.likelihood import (
    BitsPerSample,
    Comparison,
    bits_per_sample,
    comparison_table,
    dither,
)

__all__ = [
    "BitsPerSample",
    "Comparison",
    "bits_per_sample",
    "comparison_table",
    "dither",
]
