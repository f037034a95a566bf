"""The arithmetic coder: every message comes back, in about as many bits as its probability asks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.applications.arithmetic import TOTAL, ArithmeticDecoder, ArithmeticEncoder


def begins(frequencies: list[int]) -> list[int]:
    """Return cumulative shares of TOTAL in proportion to frequencies, at least 1 each."""
    heaps = np.cumsum(frequencies) * (TOTAL - len(frequencies)) // sum(frequencies)
    return [0, *(heaps + np.arange(1, len(frequencies) + 1)).tolist()[:-1], TOTAL]


def encoded(message: list[int], shares: list[int]) -> bytes:
    encoder = ArithmeticEncoder()
    for symbol in message:
        encoder.encode(shares[symbol], shares[symbol + 1])
    return encoder.finish()


def decoded(data: bytes, shares: list[int], length: int) -> list[int]:
    decoder = ArithmeticDecoder(data)
    return [decoder.decode(shares.__getitem__, len(shares) - 1) for _ in range(length)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_message_comes_back(data):
    frequencies = data.draw(st.lists(st.integers(0, 10**6), min_size=2, max_size=40))
    frequencies[0] += 1
    shares = begins(frequencies)
    message = data.draw(st.lists(st.integers(0, len(frequencies) - 1), max_size=200))
    assert decoded(encoded(message, shares), shares, len(message)) == message


def test_a_by_hand():
    """Halves of [0, 1): each symbol is one bit, the first the most significant."""
    halves = [0, TOTAL // 2, TOTAL]
    assert encoded([1, 0, 1, 0, 0, 1, 0, 1], halves)[0] == 0b10100101


def test_length_is_the_ideal_within_two_bytes(rng):
    """-log2 P(message) bits, and at most 2 more and the filling of the last byte."""
    for law in ([1, 1], [97, 2, 1], [10**6, 1], list(range(1, 257))):
        shares = begins(law)
        p = np.diff(shares) / TOTAL
        message = rng.choice(len(p), size=3000, p=p)
        ideal = -np.log2(p[message]).sum()
        size = 8 * len(encoded(message.tolist(), shares))
        assert ideal - 16 < size < ideal + 10  # zeros at the end are not written


def test_a_certain_symbol_costs_next_to_nothing():
    shares = [0, TOTAL - 1, TOTAL]
    assert len(encoded([0] * 10_000, shares)) <= 2
    assert decoded(encoded([0] * 10_000, shares), shares, 10_000) == [0] * 10_000


def test_an_interval_around_the_middle_keeps_its_open_bits():
    """The share of 1 straddles the middle: bit after bit stays open, and none is lost."""
    shares = [0, TOTAL // 2 - 1, TOTAL // 2 + 1, TOTAL]
    message = [1] * 100 + [0, 2, 1, 1, 2]
    assert decoded(encoded(message, shares), shares, len(message)) == message


@pytest.mark.parametrize(("low", "high"), [(5, 5), (7, 3), (-1, 4), (0, TOTAL + 1)])
def test_shares_that_are_none_are_refused(low, high):
    with pytest.raises(ValueError, match="need"):
        ArithmeticEncoder().encode(low, high)
    with pytest.raises(TypeError):
        ArithmeticEncoder().encode(0.0, 1.0)
