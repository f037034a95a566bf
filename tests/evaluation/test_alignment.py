"""What attention is judged by: against the definitions, cases with a known answer, bad input."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.evaluation import Alignment, judge_alignment


def one_hot(tokens, count):
    return np.eye(count)[tokens]


def test_reading_straight_through_is_perfect():
    assert judge_alignment(np.eye(5)) == Alignment(1, 1, 1)
    assert judge_alignment(np.repeat(np.eye(5), 3, axis=0)) == Alignment(1, 1, 1)


def test_attention_that_never_forms():
    focus, coverage, monotonicity = judge_alignment(np.full((20, 8), 1 / 8))
    assert focus == 1 / 8
    assert coverage == 1  # 2.5 steps' worth on each token: only with focus does coverage tell
    assert monotonicity == 0


@pytest.mark.parametrize(
    ("tokens", "coverage", "monotonicity"),
    [
        ([0, 1, 3, 4], 4 / 5, 1),  # a token skipped
        ([0, 1, 2], 3 / 5, 1),  # stopped early
        ([4, 3, 2, 1, 0], 1, -1),
        ([0, 1, 2, 1, 2, 3, 4], 1, 4 / 6),  # a word said twice: 5 forward, 1 back
        ([0, 1, 2, 3, 4, 0], 1, 0),
        ([2, 2, 2], 1 / 5, 0),
    ],
)
def test_how_reading_goes_wrong(tokens, coverage, monotonicity):
    judged = judge_alignment(one_hot(tokens, 5))
    assert judged.focus == 1
    assert judged.coverage == pytest.approx(coverage)
    assert judged.monotonicity == pytest.approx(monotonicity)


@given(seed=st.integers(0, 999), steps=st.integers(1, 9), tokens=st.integers(1, 6))
def test_each_is_its_definition(seed, steps, tokens):
    attention = np.random.default_rng(seed).dirichlet(np.full(tokens, 0.3), steps)
    judged = judge_alignment(attention.astype(np.float32))
    assert judged.focus == pytest.approx(sum(max(row) for row in attention) / steps, abs=1e-6)
    read = [token for token in range(tokens) if sum(row[token] for row in attention) >= 0.5]
    assert judged.coverage == pytest.approx(len(read) / tokens)
    where = [sum(j * weight for j, weight in enumerate(row)) for row in attention]
    moved = sum(abs(b - a) for a, b in itertools.pairwise(where))
    if moved > 0.01:
        assert judged.monotonicity == pytest.approx((where[-1] - where[0]) / moved, abs=1e-4)
    assert 1 / tokens - 1e-6 <= judged.focus <= 1 + 1e-6
    assert -1 - 1e-6 <= judged.monotonicity <= 1 + 1e-6


def test_rounding_is_no_movement():
    attention = np.full((30, 7), 1 / 7) + 1e-9 * np.random.default_rng(1).standard_normal((30, 7))
    assert judge_alignment(attention).monotonicity == 0
    assert judge_alignment(np.ones((1, 1))) == Alignment(1, 1, 0)


@pytest.mark.parametrize(
    ("attention", "error", "says"),
    [
        (np.ones(3), ValueError, r"shape \(steps, tokens\).*got \(3,\)"),
        (np.zeros((0, 3)), ValueError, "one or more of each"),
        (np.full((2, 4, 4), 0.25), ValueError, "one sentence out of a batch"),
        (np.eye(3, dtype=int), TypeError, "floating-point"),
        (np.array([[0.5, 0.5], [np.nan, 1.0]]), ValueError, "finite weights"),
        (np.array([[1.5, -0.5]]), ValueError, "0 or more"),
        (np.array([[0.5, 0.5], [0.5, 0.2]]), ValueError, "sum to 1.*got 0.7 at step 1"),
        (np.zeros((2, 2)), ValueError, "cut padding off"),
    ],
)
def test_what_is_no_attention(attention, error, says):
    with pytest.raises(error, match=says):
        judge_alignment(attention)
