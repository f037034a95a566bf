"""Judging models: likelihoods on one grid, and the tables that compare them."""

from course_lib.evaluation.likelihood import (
    BitsPerSample,
    Comparison,
    bits_per_sample,
    comparison_table,
    dither,
)
from course_lib.evaluation.spectral import (
    image_rejection,
    log_spectral_distance,
    snr,
)

__all__ = [
    "BitsPerSample",
    "Comparison",
    "bits_per_sample",
    "comparison_table",
    "dither",
    "image_rejection",
    "log_spectral_distance",
    "snr",
]
