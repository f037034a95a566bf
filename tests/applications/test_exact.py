"""Shares that are the same everywhere: tables against numpy's, AR against its model."""

import decimal
import math

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from course_lib.applications import exact
from course_lib.applications.arithmetic import TOTAL
from course_lib.applications.compression import code_length
from course_lib.applications.exact import (
    UNIT,
    ExactAR,
    check_exact,
    exp_table,
    falling_exp,
    grid,
    levinson_in_python,
    logistic_table,
)
from course_lib.corpora import load
from course_lib.features import LinearQuantiser, MuLaw
from course_lib.models.linear.adaptive_ar import AdaptiveAR


def test_tables_are_what_numpy_rounds_to():
    i = np.arange(-500, 501)
    np.testing.assert_array_equal(
        exp_table(-500, 500, steps=100, unit=2**20), np.rint(2**20 * np.exp(i / 100))
    )
    np.testing.assert_array_equal(
        logistic_table(500, steps=100, unit=2**20), np.rint(2**20 / (1 + np.exp(-i[500:] / 100)))
    )


def test_tables_do_not_depend_on_the_callers_decimal_context():
    expected = exp_table(0, 9, steps=3, unit=2**30)
    with decimal.localcontext() as context:
        context.prec = 3
        np.testing.assert_array_equal(exp_table(0, 9, steps=3, unit=2**30), expected)
        grid.cache_clear()
        values, _ = grid(MuLaw())
    np.testing.assert_allclose(values / UNIT, MuLaw().decode(np.arange(256)), atol=0.51 / UNIT)


@pytest.mark.parametrize("encoding", [MuLaw(), MuLaw(16), LinearQuantiser(16), LinearQuantiser(8)])
def test_a_grid_is_its_encodings(encoding):
    values, edges = grid(encoding)
    levels = np.arange(encoding.levels)
    np.testing.assert_allclose(values / UNIT, encoding.decode(levels), rtol=0, atol=0.51 / UNIT)
    np.testing.assert_allclose(edges / UNIT, encoding.edges(), rtol=0, atol=0.51 / UNIT)
    assert (np.diff(edges) > 0).all()


@given(st.floats(0, 700))
def test_falling_exp_has_twelve_digits(z):
    assert falling_exp(z) == pytest.approx(math.exp(-z), rel=1e-11)


def test_falling_exp_ends_at_zero():
    assert falling_exp(1e9) == 0.0
    assert falling_exp(0.0) == 1.0


def test_levinson_solves_the_normal_equations(rng):
    x = rng.standard_normal(400)
    r = np.correlate(x, x, "full")[399:420].tolist()
    np.testing.assert_allclose(
        levinson_in_python(r), scipy.linalg.solve_toeplitz(r[:-1], r[1:]), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("encoding", [MuLaw(), LinearQuantiser(16)])
def test_shares_rise_from_zero_to_all(encoding, rng):
    past = ExactAR(encoding).begin()
    for level in [0, encoding.levels - 1, *rng.integers(encoding.levels, size=40).tolist()]:
        heaps = np.array([past.cumulative(k) for k in range(encoding.levels + 1)])
        assert heaps[[0, -1]].tolist() == [0, TOTAL]
        assert (np.diff(heaps) >= 1).all()
        past.hear(level)
        if encoding.levels > 256 and past.heard > 3:
            break


def test_ar_needs_what_the_model_of_chapter_3_needs():
    """Rounding, and a parabola in place of a sine, move the score by less than a percent."""
    codes = MuLaw().encode(load("speech/en/digits/7", sample_rate=8000))
    own = -AdaptiveAR().level_log_likelihood(codes, MuLaw()).bits
    assert code_length(codes, ExactAR(MuLaw())) == pytest.approx(own, rel=0.01)


def test_ar_adapts_to_silence_and_to_full_scale():
    """A constant becomes certain; a jump from one end to the other is survived."""
    constant = np.full(4000, 2**15)
    assert code_length(constant[:4000], ExactAR()) < 0.8 * 4000
    jumps = np.tile([0] * 25 + [2**16 - 1] * 25, 8)
    assert code_length(jumps, ExactAR()) < 16 * len(jumps)


def test_fingerprints_differ_with_the_settings():
    assert len({ExactAR(order=p).fingerprint for p in (8, 16)}) == 2
    assert ExactAR(MuLaw()).fingerprint != ExactAR().fingerprint


def test_sums_that_might_be_rounded_are_refused():
    with pytest.raises(ValueError, match=r"below 2\^53"):
        check_exact(np.full((4, 2), 2.0**40), 2.0**12)
    check_exact(np.full((4, 2), 2.0**30), 2.0**12)


def test_only_known_grids_have_whole_numbers():
    with pytest.raises(TypeError, match="need MuLaw or LinearQuantiser"):
        grid("mu-law")


def test_activations_are_cut_off():
    sums = np.array([1e30, -1e30, exact.WEIGHT * 3.0])
    limit = exact.LARGEST * exact.ACTIVATION
    np.testing.assert_array_equal(exact.activation(sums), [limit, -limit, 3])
    unit = exact.WEIGHT * exact.ACTIVATION
    a = np.linspace(-20, 20, 999)
    np.testing.assert_allclose(exact.tanh(a * unit) / 2**15, np.tanh(a), atol=6e-4)
    np.testing.assert_allclose(exact.logistic(a * unit) / 2**15, 1 / (1 + np.exp(-a)), atol=3e-4)
