"""Bits, codes of parts, and whole-number prediction: each against plain Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.applications.lossless import rice_code
from course_lib.kernels import rice

BLOCK = 512


def folded(errors):
    return np.array([2 * e if e >= 0 else -2 * e - 1 for e in errors])


def plain_code(error, code):
    """The twin: one error of a part as a string."""
    if code < rice.PLAIN:
        return rice_code(error, code)
    width = code - rice.PLAIN
    return format(folded([error])[0], f"0{width}b") if width else ""


def write(errors, size, codes):
    expected = ""
    for i, error in enumerate(errors):
        expected += format(codes[i // size], "05b") if i % size == 0 else ""
        expected += plain_code(error, codes[i // size])
    bits = np.zeros(len(expected), np.uint8)
    position = rice.write_parts(bits, 0, folded(errors), size, np.array(codes))
    return bits, position, expected


@given(
    st.lists(st.integers(-5000, 5000), min_size=1, max_size=20),
    st.integers(1, 20),
    st.lists(st.sampled_from([*range(13), rice.PLAIN + 14, rice.PLAIN + 16]), min_size=20),
)
def test_the_kernel_writes_and_reads_the_readable_codes(errors, size, codes):
    bits, position, expected = write(errors, size, codes)
    assert position == len(expected)
    assert "".join(map(str, bits)) == expected
    back = np.zeros(len(errors), np.int64)
    assert rice.read_parts(np.packbits(bits), 0, back, size) == position
    np.testing.assert_array_equal(back, folded(errors))


def test_a_part_of_zeros_takes_its_code_alone():
    bits, position, expected = write([0] * 9, 9, [rice.PLAIN])
    assert position == 5
    assert "".join(map(str, bits)) == expected == "01111"


@pytest.mark.parametrize("code", [0, 3, rice.PLAIN + 9])
def test_reading_past_the_end_says_so(code):
    bits, _, _ = write([7] * 40, 40, [code])
    back = np.zeros(40, np.int64)
    assert rice.read_parts(np.packbits(bits)[:-1], 0, back, 40) == -1
    assert rice.read_parts(np.zeros(9, np.uint8), 0, back, 40) == -1  # zeros without an end
    assert rice.read_bits(np.zeros(2, np.uint8), -1, 3) == (0, -1)


@given(st.integers(1, 31), st.integers(-(2**30), 2**30 - 1))
def test_numbers_in_twos_complement_come_back(width, value):
    value = (value + (1 << width >> 1)) % (1 << width) - (1 << width >> 1)
    bits = np.zeros(width, np.uint8)
    assert rice.write_bits(bits, 0, value, width) == width
    assert rice.read_signed(np.packbits(bits), 0, width) == (value, width)


def test_a_number_of_no_bits_is_zero():
    assert rice.read_signed(np.zeros(0, np.uint8), 0, 0) == (0, 0)


@given(st.integers(0, 4), st.integers(1, BLOCK), st.integers(0, 99))
def test_the_plan_takes_the_fewest_bits_and_says_how_many(finest, length, seed):
    """Brute force over all cuts and codes."""
    rng = np.random.default_rng(seed)
    loudness = np.repeat(rng.integers(0, 18, BLOCK // 32), 32)[:length]
    values = rng.integers(0, 2**loudness)

    def part_bits(part):
        options = [sum(int(v) >> k for v in part) + len(part) * (k + 1) for k in range(15)]
        width = int(part.max()).bit_length()
        return min([*options, width * len(part)] if width <= 16 else options)

    def cut_bits(p):
        size = BLOCK >> p
        return sum(5 + part_bits(values[i : i + size]) for i in range(0, length, size))

    bits, cut, codes = rice.plan_parts(values, BLOCK, finest)
    assert bits == cut_bits(cut) == min(map(cut_bits, range(finest + 1)))
    assert len(codes) == 2**cut
    written = np.zeros(bits, np.uint8)
    assert rice.write_parts(written, 0, values, BLOCK >> cut, codes) == bits


@given(st.integers(0, 15), st.integers(0, 16), st.integers(0, 15), st.integers(0, 999))
def test_prediction_is_rounded_clipped_and_undone(shift, shared, order, seed):
    rng = np.random.default_rng(seed)
    low = int(rng.integers(-(1 << shared >> 1), max(1 << shared >> 1, 1)))
    x = rng.integers(-32768, 32768, 15 + 40)
    x[15:] = np.clip((x[15:] >> shared << shared) + low, -32768, 32767)
    x[15:] = x[15:] - (x[15:] - low) % (1 << shared)  # clipping may have taken the low bits away
    coefficients = rng.integers(-32768, 32768, order) >> rng.integers(0, 16)
    settings = (coefficients, shift, shared, low)
    for t in range(15, len(x)):
        total = sum(int(c) * int(x[t - 1 - k]) for k, c in enumerate(coefficients))
        unit = 2 ** (shift + shared)
        expected = (total - low * 2**shift + unit // 2) // unit
        lowest, highest = -((32768 + low) // 2**shared), (32767 - low) // 2**shared
        expected = min(max(expected, lowest), highest)
        assert -32768 <= expected * 2**shared + low <= 32767
        assert rice.predict_integer(x, t, *settings) == expected
    values = rice.fold_residual(x, 15, len(x), *settings)
    assert values.min() >= 0
    back = x.copy()
    back[15:] = 0
    rice.unfold_residual(back, 15, len(x), *settings, values)
    np.testing.assert_array_equal(back, x)
