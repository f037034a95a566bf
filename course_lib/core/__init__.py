"""What everything else stands on: protocols, likelihoods, input checks, generators, files."""

from course_lib.core.batch import Adversarial, Batch, Batches, LabelledBatch, PairBatch, Trainable
from course_lib.core.checks import (
    SignalLike,
    check_codes,
    check_count,
    check_generator,
    check_levels,
    check_number,
    check_order,
    check_signal,
    check_values,
    nearest,
    settle,
    shown,
)
from course_lib.core.files import check_writable, replacing, sha256, write_text
from course_lib.core.likelihood import Likelihood, LikelihoodKind
from course_lib.core.places import checkout, installed_data, installed_notebooks
from course_lib.core.protocols import (
    BlockSampler,
    Encoding,
    FrameVocoder,
    LabelledScorer,
    LevelScorer,
    Sampler,
    Scorer,
    Speaker,
)
from course_lib.core.random import seeded, spawn

__all__ = [
    "Adversarial",
    "Batch",
    "Batches",
    "BlockSampler",
    "Encoding",
    "FrameVocoder",
    "LabelledBatch",
    "LabelledScorer",
    "LevelScorer",
    "Likelihood",
    "LikelihoodKind",
    "PairBatch",
    "Sampler",
    "Scorer",
    "SignalLike",
    "Speaker",
    "Trainable",
    "check_codes",
    "check_count",
    "check_generator",
    "check_levels",
    "check_number",
    "check_order",
    "check_signal",
    "check_values",
    "check_writable",
    "checkout",
    "installed_data",
    "installed_notebooks",
    "nearest",
    "replacing",
    "seeded",
    "settle",
    "sha256",
    "shown",
    "spawn",
    "write_text",
]
