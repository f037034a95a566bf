"""Intervals by the bootstrap: against scipy's, their coverage, and the ranks that they allow."""

import numpy as np
import pytest
import scipy.stats

from course_lib.core import seeded
from course_lib.evaluation.intervals import (
    Interval,
    bootstrap,
    over_runs,
    paired_difference,
    ranks,
)


def test_the_interval_is_scipys(rng):
    totals, sizes = rng.gamma(3.0, size=40), rng.uniform(1, 3, 40)
    ours = bootstrap(totals, sizes, rng=seeded(1), draws=20_000)
    theirs = scipy.stats.bootstrap(
        (totals, sizes), lambda t, s: t.sum() / s.sum(), paired=True, vectorized=False,
        n_resamples=20_000, method="percentile", rng=seeded(2),
    ).confidence_interval  # fmt: skip
    assert ours.value == pytest.approx(totals.sum() / sizes.sum())
    np.testing.assert_allclose([ours.low, ours.high], theirs, rtol=0.01)


def test_95_of_100_intervals_hold_the_truth():
    held = 0
    for seed in range(200):
        rng = seeded(seed)
        found = bootstrap(rng.normal(2.0, 1.0, 30), np.ones(30), rng=rng, draws=400)
        held += found.low <= 2.0 <= found.high
    assert 0.89 < held / 200 < 0.99


def test_clips_weigh_as_much_as_they_are_long():
    found = bootstrap(np.array([10.0, 90.0]), np.array([10.0, 30.0]), rng=seeded(0))
    assert found.value == pytest.approx(2.5)
    assert (found.low, found.high) == (1.0, 3.0)


def test_pairs_see_what_two_intervals_do_not(rng):
    """Hard clips are hard for both: the difference is sure where the scores are not."""
    sizes = np.full(30, 100.0)
    a = 100 * rng.uniform(2, 8, 30)
    b = a + 100 * rng.normal(0.1, 0.05, 30)
    one, other = (bootstrap(x, sizes, rng=seeded(i)) for i, x in enumerate((a, b)))
    assert one.high > other.low
    difference = paired_difference(a, b, sizes, rng=seeded(3))
    assert difference.parts
    assert difference.value == pytest.approx(0.1, abs=0.03)
    assert not paired_difference(a, a, sizes, rng=seeded(3)).parts


def test_who_cannot_be_told_apart_shares_a_rank(rng):
    sizes = np.ones(50)
    noise = rng.normal(0, 0.3, (4, 50))
    totals = {"d": 9 + noise[0], "a": 1 + noise[1], "b": 1.01 + noise[2], "c": 5 + noise[3]}
    found = ranks(totals, sizes, rng=seeded(0))
    assert found["a"] == found["b"] == 1
    assert (found["c"], found["d"]) == (3, 4)
    assert ranks({}, sizes, rng=seeded(0)) == {}


def test_an_interval_prints_its_ends():
    assert str(Interval(1.0, 0.5, 2.0)) == "1.00 [0.50, 2.00]"
    assert Interval(-1.0, -2.0, -0.5).parts
    assert not Interval(0.0, -1.0, 1.0).parts


@pytest.mark.parametrize(
    ("totals", "sizes", "settings"),
    [
        ([1.0], [1.0], {}),
        ([1.0, 2.0], [1.0], {}),
        ([1.0, 2.0], [1.0, 0.0], {}),
        ([1.0, np.nan], [1.0, 1.0], {}),
        ([1.0, 2.0], [1.0, 1.0], {"level": 1.0}),
        ([1.0, 2.0], [1.0, 1.0], {"draws": 0}),
    ],
)
def test_bad_input_is_refused(totals, sizes, settings):
    with pytest.raises(ValueError, match="need"):
        bootstrap(np.array(totals), np.array(sizes), rng=seeded(0), **settings)


def test_pairs_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="same clips"):
        paired_difference(np.ones(3), np.ones(4), np.ones(3), rng=seeded(0))


def test_the_interval_over_runs_is_scipys(rng):
    values = rng.normal(2.0, 1.0, 4)
    theirs = scipy.stats.ttest_1samp(values, 0.0).confidence_interval(0.9)
    ours = over_runs(values, level=0.9)
    assert ours.value == pytest.approx(values.mean())
    np.testing.assert_allclose([ours.low, ours.high], theirs)


def test_three_runs_hold_the_truth_in_95_of_100():
    found = [over_runs(seeded(seed).normal(2.0, 1.0, 3)) for seed in range(1000)]
    assert 0.93 < np.mean([one.low <= 2.0 <= one.high for one in found]) < 0.97


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan]])
def test_one_run_is_not_enough(values):
    with pytest.raises(ValueError, match="need"):
        over_runs(np.array(values))
