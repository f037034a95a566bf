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
from course_lib.evaluation.vocoding import (
    VocoderScore,
    compare_vocoders,
    harmonicity,
    mel_distance,
    vocoder_table,
)

__all__ = [
    "BitsPerSample",
    "Comparison",
    "VocoderScore",
    "bits_per_sample",
    "compare_vocoders",
    "comparison_table",
    "dither",
    "harmonicity",
    "image_rejection",
    "log_spectral_distance",
    "mel_distance",
    "snr",
    "vocoder_table",
]
