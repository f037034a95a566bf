"""Judging models: likelihoods on one grid, and the tables that compare them."""

from course_lib.evaluation.alignment import Alignment, judge_alignment
from course_lib.evaluation.cepstral import (
    dynamic_time_warping,
    mel_cepstral_distortion,
    mel_cepstrum,
)
from course_lib.evaluation.likelihood import (
    BitsPerSample,
    Comparison,
    bits_per_sample,
    comparison_table,
    dither,
)
from course_lib.evaluation.recogniser import (
    DATES_AND_TIMES,
    NUMBERS,
    Recogniser,
    WordErrorRate,
    single_words,
    word_error_rate,
    word_errors,
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
    "DATES_AND_TIMES",
    "NUMBERS",
    "Alignment",
    "BitsPerSample",
    "Comparison",
    "Recogniser",
    "VocoderScore",
    "WordErrorRate",
    "bits_per_sample",
    "compare_vocoders",
    "comparison_table",
    "dither",
    "dynamic_time_warping",
    "harmonicity",
    "image_rejection",
    "judge_alignment",
    "log_spectral_distance",
    "mel_cepstral_distortion",
    "mel_cepstrum",
    "mel_distance",
    "single_words",
    "snr",
    "vocoder_table",
    "word_error_rate",
    "word_errors",
]
