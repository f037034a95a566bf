"""Warped time: brute force over all paths, librosa, ties, bad input."""

import itertools

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.features import dynamic_time_warping


def all_paths(rows, columns):
    """Every path from (0, 0) to the last pair, by steps of (1, 1), (1, 0) and (0, 1)."""
    if rows < 1 or columns < 1:
        return []
    if rows == columns == 1:
        return [[(0, 0)]]
    steps = ((rows - 1, columns - 1), (rows - 1, columns), (rows, columns - 1))
    before = itertools.chain.from_iterable(all_paths(*step) for step in steps)
    return [[*path, (rows - 1, columns - 1)] for path in before]


@given(seed=st.integers(0, 999), rows=st.integers(1, 5), columns=st.integers(1, 5))
def test_no_path_is_shorter(seed, rows, columns):
    distances = np.random.default_rng(seed).random((rows, columns))
    path = dynamic_time_warping(distances)
    sums = {sum(distances[pair] for pair in other): other for other in all_paths(rows, columns)}
    assert [tuple(pair) for pair in path.tolist()] == sums[min(sums)]


def test_warping_agrees_with_librosa(rng):
    distances = rng.random((60, 83))
    total, path = librosa.sequence.dtw(C=distances)
    ours = dynamic_time_warping(distances)
    np.testing.assert_array_equal(ours, path[::-1])
    assert distances[tuple(ours.T)].sum() == pytest.approx(total[-1, -1])


def test_of_equal_paths_the_diagonal_wins():
    np.testing.assert_array_equal(dynamic_time_warping(np.ones((3, 3))), [[0, 0], [1, 1], [2, 2]])
    np.testing.assert_array_equal(dynamic_time_warping(np.zeros((1, 2))), [[0, 0], [0, 1]])


def test_distances_that_will_not_do():
    for bad in (np.zeros(3), np.zeros((0, 2)), np.zeros((2, 2, 2))):
        with pytest.raises(ValueError, match="shape"):
            dynamic_time_warping(bad)
    with pytest.raises(ValueError, match="finite"):
        dynamic_time_warping(np.array([[np.nan]]))
