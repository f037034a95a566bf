"""Input checks: good input passes unchanged, bad input is told what was needed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib.core import (
    check_codes,
    check_count,
    check_generator,
    check_number,
    check_order,
    check_signal,
)


@given(arrays(np.float32, st.integers(1, 50), elements=st.floats(-1e6, 1e6, width=32)))
def test_signals_become_float64(x):
    checked = check_signal(x)
    assert checked.dtype == np.float64
    assert checked.flags.c_contiguous
    np.testing.assert_array_equal(checked, x)


def test_lists_clips_and_strided_arrays_are_signals(tone):
    np.testing.assert_array_equal(check_signal([0.0, 0.5]), [0.0, 0.5])
    np.testing.assert_array_equal(check_signal(tone), tone.samples)
    assert check_signal(np.zeros(10)[::2]).flags.c_contiguous


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        ([], ValueError, "at least 1 samples in signal, got 0"),
        (np.zeros((4, 2)), ValueError, r"got shape \(4, 2\).*x\[:, 0\]"),
        (0.5, ValueError, r"got shape \(\)"),
        (np.array([0.0, 1.0, np.nan]), ValueError, "got nan at index 2"),
        (np.array([-np.inf, 1.0]), ValueError, "got -inf at index 0"),
        (np.array([1, 2]), TypeError, "int64.*x / 32768"),
        (np.array([True]), TypeError, "bool"),
        (np.array([1j]), TypeError, "complex128"),
        (np.array(["a"]), TypeError, "floating-point"),
        (None, ValueError, "mono"),
    ],
)
def test_signals_that_will_not_do(x, error, says):
    with pytest.raises(error, match=says):
        check_signal(x)


def test_signals_have_a_name_and_a_least_length():
    with pytest.raises(ValueError, match="at least 3 samples in melody, got 2"):
        check_signal(np.zeros(2), name="melody", min_length=3)
    assert len(check_signal(np.zeros(3), min_length=3)) == 3


@pytest.mark.parametrize("value", [1, 7, np.int64(3), np.uint8(3)])
def test_counts(value):
    assert check_count(value, "count") == value
    assert type(check_count(value, "count")) is int


@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (-1, ValueError), (1.0, TypeError), ("3", TypeError), (True, TypeError)],
)
def test_counts_that_will_not_do(value, error):
    with pytest.raises(error, match=r"for count|need count"):
        check_count(value, "count")


def test_numbers():
    assert check_number(np.float32(0.5), "level") == 0.5
    assert check_number(3, "level", above=2, below=4) == 3.0


@pytest.mark.parametrize("value", [0, 1, -1, np.nan, np.inf, -np.inf])
def test_numbers_out_of_range(value):
    with pytest.raises(ValueError, match=f"level strictly between 0 and 1, got {value}"):
        check_number(value, "level", above=0, below=1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_are_finite(value):
    with pytest.raises(ValueError, match="level"):
        check_number(value, "level")


@pytest.mark.parametrize("value", ["1", None, True, 1j])
def test_things_that_are_no_number(value):
    with pytest.raises(TypeError, match="need a number for level"):
        check_number(value, "level")


def test_orders_need_one_sample_more():
    assert check_order(16, 17) == 16
    with pytest.raises(ValueError, match=r"order \+ 1 = 17 samples, got 16; shorten the order"):
        check_order(16, 16)
    with pytest.raises(ValueError, match="order of at least 0"):
        check_order(-1, 16)
    with pytest.raises(ValueError, match="order of at least 1"):
        check_order(0, 16, minimum=1)


def test_generators(rng):
    assert check_generator(rng) is rng
    for wrong in (None, 3, np.random, np.random.RandomState(0)):
        with pytest.raises(TypeError, match=r"default_rng\(seed\)"):
            check_generator(wrong)


def test_codes():
    np.testing.assert_array_equal(check_codes(np.array([0, 3], np.uint8), 4), [0, 3])
    assert check_codes([1, 2], 4).dtype == np.int64
    for wrong, error in (
        ([], ValueError),
        ([[1]], ValueError),
        ([0.0], TypeError),
        ([4], ValueError),
        ([-1], ValueError),
    ):
        with pytest.raises(error, match="codes"):
            check_codes(wrong, 4)
