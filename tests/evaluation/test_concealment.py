"""Scores of filled gaps: what they count, and that they compare like with like."""

import numpy as np
import pytest

from course_lib.audio import Clip
from course_lib.evaluation.concealment import (
    ConcealmentScore,
    compare_concealment,
    score_gaps,
)


@pytest.fixture
def voice(tone):
    noise = 0.05 * np.random.default_rng(0).standard_normal(len(tone))
    return tone.with_samples(tone.samples + noise)


def test_only_the_gap_is_scored(voice):
    gap = (1000, 1160)
    elsewhere = voice.samples.copy()
    elsewhere[3000:] = 0
    score = score_gaps(voice, voice.with_samples(elsewhere), [gap])
    assert score == ConcealmentScore(0.0, np.inf, 1)
    inside = voice.samples.copy()
    inside[slice(*gap)] = 0
    silenced = score_gaps(voice, voice.with_samples(inside), [gap])
    assert silenced.snr == pytest.approx(0)
    assert silenced.distance > 1


def test_half_the_level_is_six_decibels(voice):
    gap = (1000, 1800)
    half = voice.samples.copy()
    half[slice(*gap)] *= 0.5
    score = score_gaps(voice, voice.with_samples(half), [gap])
    assert score.snr == pytest.approx(6.02, abs=0.01)
    assert 4 < score.distance < 6.1  # the 16 ms on either side are as they were


def test_every_method_meets_the_same_gaps(voice):
    methods = ("silence", "forward", "two-sided")
    scores = compare_concealment(
        [voice, voice], 0.02, methods=methods, order=16, rng=np.random.default_rng(1)
    )
    assert set(scores) == set(methods)
    assert len({score.gaps for score in scores.values()}) == 1
    assert scores["two-sided"].distance < scores["silence"].distance
    assert scores["two-sided"].snr > scores["forward"].snr > scores["silence"].snr
    again = compare_concealment(
        [voice, voice], 0.02, methods=("forward",), order=16, rng=np.random.default_rng(1)
    )
    assert again["forward"] == scores["forward"]


def test_bad_comparisons_are_refused(voice):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least one gap"):
        score_gaps(voice, voice, [])
    with pytest.raises(ValueError, match="none as long"):
        compare_concealment([Clip(np.ones(100), 8000)], 0.02, rng=rng)
    with pytest.raises(ValueError, match="0 clips"):
        compare_concealment([], 0.02, rng=rng)
