"""Input checks: good input passes unchanged, bad input is told what was needed."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib.core import (
    check_codes,
    check_count,
    check_generator,
    check_kept,
    check_levels,
    check_number,
    check_order,
    check_signal,
    check_values,
    class_index,
    nearest,
    settle,
    shown,
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
        ([], ValueError, "at least 1 sample in signal, got 0"),
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


VAST = {"whole": 10**400, "below": -(10**5000), "ratio": Fraction(10**400, 3)}
LONG = np.longdouble("1e400")  # infinite where long doubles are no longer than others


@pytest.mark.parametrize("kind", VAST)
def test_numbers_beyond_float64(kind):
    with pytest.raises(ValueError, match=r"need level within float64's range.*got \S+e\+\d+$"):
        check_number(VAST[kind], "level")


def test_long_doubles_beyond_float64():
    with pytest.raises(ValueError, match=r"need level strictly.*got (1e\+400|inf)$"):
        check_number(LONG, "level")
    with pytest.raises(ValueError, match=r"finite samples in signal, got (1e\+400|inf) at index 1"):
        check_signal(np.array([1, LONG]))


def test_huge_whole_numbers_are_told_in_short():
    with pytest.raises(ValueError, match=r"need n of at least 1, got -1\.000e\+5000$"):
        check_count(-(10**5000), "n")
    with pytest.raises(ValueError, match=r"order \+ 1 = 1\.000e\+5000 samples, got 3"):
        check_order(10**5000, 3)


def test_numbers_in_closed_ranges():
    assert check_number(0, "eta", minimum=0, maximum=1) == 0.0
    assert type(check_number(np.uint8(1), "eta", minimum=0, maximum=1)) is float
    assert check_number(0, "momentum", minimum=0, below=2) == 0.0
    for value, ends, told in (
        (-1e-9, {"minimum": 0, "maximum": 1}, "need x from 0 to 1, got -1e-09"),
        (1.00000001, {"minimum": 0, "maximum": 1}, "need x from 0 to 1, got 1.00000001"),
        (2, {"minimum": 0, "below": 2}, "need x of 0 or more and below 2, got 2"),
        (-1, {"minimum": 0}, "need x of 0 or more, got -1"),
        (np.inf, {"minimum": 0}, "need x of 0 or more, got inf"),
        (np.nan, {"minimum": 0, "maximum": 1}, "need x from 0 to 1, got nan"),
    ):
        with pytest.raises(ValueError, match=re.escape(told) + "$"):
            check_number(value, "x", **ends)
    assert check_count(16, "bits", minimum=2, maximum=16) == 16
    with pytest.raises(ValueError, match="bits from 2 to 16, got 17"):
        check_count(np.uint8(17), "bits", minimum=2, maximum=16)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e6, 1e6))
def test_a_number_is_told_on_its_side_of_a_bound(value, bound):
    told = float(shown(value, bound))
    assert (told > bound) == (value > bound)
    assert (told < bound) == (value < bound)
    assert told == pytest.approx(value, rel=1e-3)


def test_numbers_are_told_in_few_digits_where_these_do():
    assert shown(1 / 3) == "0.3333"
    assert shown(1.2, 1) == "1.2"
    assert shown(np.float32(1.0000001), 1) == "1.0000001"
    assert shown(np.nextafter(1.0, 2), -1, 1) == "1.0000000000000002"
    assert shown(123456) == "123456"


MASKED = np.ma.array([0.5, 1.0], mask=[False, True])


@pytest.mark.parametrize(
    "check",
    [
        check_signal,
        partial(check_values, name="frames"),
        partial(check_codes, levels=4),
        partial(check_levels, levels=4),
    ],
)
@pytest.mark.parametrize(
    ("array", "told"),
    [
        (MASKED, "without a mask .*filled"),
        (np.ma.array([1, 2], mask=[True, False]), "without a mask"),
        (torch.ones(2, requires_grad=True), r"requires gradients; .*x\.detach\(\)\.float\(\)"),
        (torch.ones(2, dtype=torch.bfloat16), r"bfloat16; .*x\.detach\(\)\.float\(\)"),
        (np.ones(2, complex), "complex128"),
        (np.array([None, 1.0]), "object"),
        (np.array(["1", "2"]), "<U1"),
        (np.array([True, False]), "bool"),
    ],
)
def test_arrays_of_which_something_would_be_lost(check, array, told):
    with pytest.raises(TypeError, match=told):
        check(array)


def test_clips_may_not_hide_a_mask():
    with pytest.raises(TypeError, match="without a mask for melody"):
        check_signal(SimpleNamespace(samples=MASKED), name="melody")


def test_tensors_without_gradients_are_signals():
    np.testing.assert_array_equal(check_signal(torch.tensor([0.5, 1.0])), [0.5, 1.0])


def test_rows_of_different_lengths():
    with pytest.raises(ValueError, match="rows of one length in signal"):
        check_signal([[0.5], [0.5, 1.0]])


def test_values():
    np.testing.assert_array_equal(check_values(3, "mel"), 3.0)
    found = check_values(np.ones((2, 3), np.float32), "frames", shape=("frames", "time"))
    assert found.shape == (2, 3)
    assert found.dtype == np.float64
    for wrong, told in (
        (np.ones(3), r"need frames of shape \(frames, time\), got shape \(3,\)"),
        (np.ones((0, 3)), r"got shape \(0, 3\)"),
        (np.array([[1.0, 2.0], [3.0, np.nan]]), "finite frames, got nan at index 1, 1"),
    ):
        with pytest.raises(ValueError, match=told):
            check_values(wrong, "frames", shape=("frames", "time"))
    with pytest.raises(TypeError, match="floating-point numbers for frames, got int64"):
        check_values([[1]], "frames", whole=False)
    with pytest.raises(ValueError, match="finite mel, got nan;"):
        check_values(np.nan, "mel")


@pytest.mark.parametrize("scale", [1e-130, 1.0, 1e150])
def test_signals_whose_squares_fit(scale):
    x = scale * np.array([1.0, 0.0])
    np.testing.assert_array_equal(check_signal(x, squared=True), x)
    np.testing.assert_array_equal(check_signal(np.zeros(2), squared=True), 0.0)


@pytest.mark.parametrize("scale", [5e-324, 0.99999e-130, 1.00001e150, 1.7e308])
def test_signals_whose_squares_do_not_fit(scale):
    x = scale * np.array([-1.0, 0.0])
    np.testing.assert_array_equal(check_signal(x), x)
    with pytest.raises(ValueError, match=r"peak between 1e-130 and 1e\+150.*scale it"):
        check_signal(x, squared=True)
    with pytest.raises(ValueError, match="in frames"):
        check_values(x[None], "frames", squared=True)


def test_settings_are_settled():
    @dataclass(frozen=True)
    class Settings:
        order: int

        def __post_init__(self) -> None:
            settle(self, order=check_count(self.order, "order"))

    assert type(Settings(np.uint8(200)).order) is int


def test_an_unknown_name_is_offered_all_of_a_few_or_the_nearest_of_many():
    assert nearest("ki", ()) == "there is none yet"
    assert nearest(3, ("kick", "snare")) == "there are 'kick', 'snare'"
    many = [f"digits/{i}" for i in range(20)]
    assert nearest("digit/7", many).startswith("did you mean 'digits/7' or ")
    assert nearest("???", many) == "did you mean 'digits/0' or 'digits/1' or 'digits/2'?"


def test_a_class_is_known_by_its_name():
    assert class_index("snare", ("kick", "snare")) == 1
    with pytest.raises(ValueError, match="no class is called 'kik'; there are 'kick', 'snare'"):
        class_index("kik", ("kick", "snare"))


def test_no_more_of_a_hit_is_kept_than_there_is():
    assert check_kept(None, 4096, 16_000) == 4096
    assert check_kept(np.uint16(4096), 4096, 16_000) == 4096
    with pytest.raises(ValueError, match=r"at most 4096 samples, which is 0\.256 s, got 4097"):
        check_kept(4097, 4096, 16_000)
    with pytest.raises(ValueError, match="need length of at least 1"):
        check_kept(0, 4096, 16_000)
