"""Judging models: likelihoods on one grid, and the tables that compare them."""

from course_lib.evaluation.alignment import Alignment, judge_alignment
from course_lib.evaluation.cepstral import mel_cepstral_distortion
from course_lib.evaluation.ears.recogniser import (
    DATES_AND_TIMES,
    DIGITS,
    NUMBERS,
    Recogniser,
    WordErrorRate,
    letters_in_a_row,
    single_words,
    word_error_rate,
    word_errors,
)
from course_lib.evaluation.generation import (
    GenerationScore,
    Hits,
    Recognition,
    compare_generators,
    generation_table,
    principal,
    recognition,
    shuffled_noise,
)
from course_lib.evaluation.likelihood import (
    BitsPerSample,
    Comparison,
    bits_per_sample,
    comparison_table,
    dither,
)
from course_lib.evaluation.sets import (
    Nearest,
    Overlap,
    copy_share,
    frechet_distance,
    nearest,
    overlap,
)
from course_lib.evaluation.spectral import (
    image_rejection,
    log_spectral_distance,
    si_sdr,
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
    "DIGITS",
    "NUMBERS",
    "Alignment",
    "BitsPerSample",
    "Comparison",
    "GenerationScore",
    "Hits",
    "Nearest",
    "Overlap",
    "Recogniser",
    "Recognition",
    "VocoderScore",
    "WordErrorRate",
    "bits_per_sample",
    "compare_generators",
    "compare_vocoders",
    "comparison_table",
    "copy_share",
    "dither",
    "frechet_distance",
    "generation_table",
    "harmonicity",
    "image_rejection",
    "judge_alignment",
    "letters_in_a_row",
    "log_spectral_distance",
    "mel_cepstral_distortion",
    "mel_distance",
    "nearest",
    "overlap",
    "principal",
    "recognition",
    "shuffled_noise",
    "si_sdr",
    "single_words",
    "snr",
    "vocoder_table",
    "word_error_rate",
    "word_errors",
]
