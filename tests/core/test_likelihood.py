"""Likelihoods add, and remember the weakest kind among their parts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.core import Likelihood

kinds = st.sampled_from(["exact", "lower bound", "estimate"])
likelihoods = st.builds(Likelihood, st.floats(-1e6, 1e6), kinds)


def test_bits_are_nats_over_ln_2():
    assert Likelihood(-8 * math.log(2)).bits == pytest.approx(-8)


@given(likelihoods, likelihoods)
def test_addition(a, b):
    total = a + b
    assert total.nats == a.nats + b.nats
    strength = ["exact", "lower bound", "estimate"].index
    assert strength(total.kind) == max(strength(a.kind), strength(b.kind))
    assert total == b + a


def test_only_likelihoods_add():
    with pytest.raises(TypeError):
        Likelihood(1.0) + 1.0


def test_an_impossible_sound_has_minus_infinity():
    assert Likelihood(-math.inf).bits == -math.inf


def test_likelihoods_that_will_not_do():
    with pytest.raises(ValueError, match="NaN"):
        Likelihood(math.nan)
    with pytest.raises(ValueError, match="upper bound"):
        Likelihood(0.0, "upper bound")
