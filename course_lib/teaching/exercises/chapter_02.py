"""Checks of notebook 02, Time series and likelihood."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

from course_lib.applications.lossless import rice_code
from course_lib.teaching.exercises.registry import (
    Wrong,
    exercise,
    expect_array,
    expect_close,
)


@exercise(
    "02.1",
    "Bits per sample",
    hints=[
        "By the chain rule, log P(x) is the sum of the logarithms of these probabilities.",
        "Bits are logarithms to base 2, a surprise is minus one of them, `per sample` is a mean.",
        "Do not multiply the probabilities first: thousands of them underflow to zero.",
    ],
)
def check_bits(answer: Callable[[np.ndarray], float]) -> None:
    half = expect_array(answer(np.full(6, 0.5)), (), "bits per sample")
    for factor, misconception in (
        (np.log(2), "that is in nats; bits take the logarithm to base 2"),
        (-1.0, "a surprise is not negative: the logarithm of a probability is"),
        (6.0, "that is the whole signal's; divide by the number of samples"),
    ):
        if abs(half - factor) < 1e-9:
            raise Wrong(
                f"six coins in a row take 1 bit per sample, got {half:.4g}: {misconception}"
            )
    expect_close(half, 1.0, "bits per sample of six coins in a row")
    mixed = np.array([1.0, 0.5, 0.25, 0.0625])
    expect_close(answer(mixed), 1.75, "bits per sample with probabilities 1, 1/2, 1/4, 1/16")
    rare = np.array([1e-30, 0.5, 0.5, 0.25])
    expect_close(
        answer(rare),
        -np.log2(rare).mean(),
        "bits per sample with probabilities 1e-30, 1/2, 1/2, 1/4",
    )
    rng = np.random.default_rng(21)
    for length in (4, 6, 6, 17):
        some = rng.uniform(0.01, 1, length)
        what = f"bits per sample with probabilities {np.round(some, 3).tolist()}"
        expect_close(answer(some.copy()), -np.log2(some).mean(), what)
    long = float(answer(np.full(5000, 0.25)))
    if not np.isfinite(long):
        raise Wrong(
            "5000 samples of probability 1/4 take 2 bits each, got infinity: the product of so "
            "many probabilities is too small for a float; add logarithms instead"
        )
    expect_close(long, 2.0, "bits per sample of 5000 samples with probability 1/4")


@exercise(
    "02.2",
    "Counting transitions",
    hints=[
        "Start from an array of ones of shape (levels, levels): one imagined visit everywhere.",
        "codes[:-1] are the levels that something followed, codes[1:] what followed them; "
        "np.add.at(counts, (before, after), 1) counts repeated pairs, too.",
        "Row h holds what follows h. Divide each row by its own sum: keepdims=True.",
    ],
)
def check_transitions(answer: Callable[[np.ndarray, int], np.ndarray]) -> None:
    codes = np.array([0, 1, 1, 2, 0, 1, 2, 0, 1, 1, 1])
    counts = np.ones((4, 4))
    for before, after in itertools.pairwise(codes):
        counts[before, after] += 1
    expected = counts / counts.sum(axis=1, keepdims=True)
    got = expect_array(
        answer(codes.copy(), 4), (4, 4), "the matrix for [0, 1, 1, 2, 0, 1, 2, 0, 1, 1, 1]"
    )
    if np.allclose(got, expected.T) or np.allclose(got, counts.T / counts.T.sum(1, keepdims=True)):
        raise Wrong(
            "row and column are exchanged: row h should hold the probabilities of what follows h, "
            f"so that entry [0, 1] is {expected[0, 1]:.4g}, got {got[0, 1]:.4g}"
        )
    sums = got.sum(axis=1)
    if np.abs(sums - 1).max() > 1e-5:
        row = int(np.argmax(np.abs(sums - 1)))
        raise Wrong(
            f"each row is a distribution and sums to 1, but row {row} sums to {sums[row]:.4g}"
        )
    if got[3].max() - got[3].min() < 1e-12 and got[0, 0] == 0:
        raise Wrong(
            "level 0 never followed itself in so short a sound, but that does not make it "
            "impossible: add one to every count"
        )
    expect_close(got, expected, "the matrix of (count + 1) / (row sum + levels)")


@exercise(
    "02.3",
    "Reading Rice codes",
    hints=[
        "Walk along the string: count zeros until a one comes. That count is the quotient q.",
        "The next `parameter` characters are the low bits r, written in base 2: "
        "int(text, 2), but there are none if the parameter is 0. Then v = q 2^parameter + r.",
        "Unfold v: even v is e = v / 2, odd v is e = -(v + 1) / 2.",
    ],
)
def check_reading(answer: Callable[[str, int], Sequence[int]]) -> None:
    for parameter, errors in (
        (0, [0, 1, 2]),
        (2, [0]),
        (1, [2, 4, 1]),
        (2, [0, -1, 1, -2, 2]),
        (3, [40, -7, 0, 3, -100]),
        (0, [-1, 0, -3]),
    ):
        bits = "".join(rice_code(error, parameter) for error in errors)
        got = answer(bits, parameter)
        text = repr(bits) if len(bits) < 40 else "a longer string"
        shown = f"{text} with parameter {parameter}"
        if isinstance(got, int | np.integer) or not len(got):
            raise Wrong(f"return the list of all whole numbers in {shown}, got {got!r}")
        values = [int(value) for value in got]
        if values == [2 * e if e >= 0 else -2 * e - 1 for e in errors] and values != errors:
            raise Wrong(
                f"{shown} holds {errors}, got {values}: these are the folded numbers; "
                "unfold them, so that odd ones become negative"
            )
        if values != errors:
            raise Wrong(f"{shown} holds {errors}, got {values}")


@exercise(
    "02.4",
    "The interval of a message",
    hints=[
        "Start with the whole interval: low = 0, width = 1.",
        "Each level cuts the current interval into pieces in proportion to its probabilities, in "
        "the order of the levels. Keep the piece of the level that came.",
        "low += width * p[:c].sum(), then width *= p[c], with p = probabilities(codes[:t]).",
    ],
)
def check_interval(answer: Callable[..., tuple[float, float]]) -> None:
    def independent(past: Sequence[int]) -> np.ndarray:
        return np.array([0.5, 0.25, 0.25])

    def sticky(past: Sequence[int]) -> np.ndarray:
        p = np.full(3, 0.125 if len(past) else 1 / 3)
        if len(past):
            p[past[-1]] = 0.75
        return p

    def long_memory(past: Sequence[int]) -> np.ndarray:
        return np.roll([0.5, 0.3, 0.2], sum(past))

    def both(codes: list[int], law: Callable[[Sequence[int]], np.ndarray]) -> np.ndarray:
        return expect_array(answer(list(codes), law), (2,), "the pair (low, width)")

    low, width = both([1], independent)
    if abs(low - 0.75) < 1e-6:
        raise Wrong("level 1 begins where level 0 ends: low should be 0.5, got 0.75")
    expect_close([low, width], [0.5, 0.25], "(low, width) for [1] with P = 1/2, 1/4, 1/4")
    expect_close(
        both([1, 2], independent),
        [0.6875, 0.0625],
        "(low, width) for [1, 2] with P = 1/2, 1/4, 1/4, where [1] is the interval from 0.5 to "
        "0.75 and [1, 2] its last quarter,",
    )
    pieces = []
    for message in itertools.product(range(3), repeat=3):
        low, width = both(list(message), sticky)
        probability, past = 1.0, list[int]()
        for code in message:
            probability *= float(sticky(past)[code])
            past.append(code)
        if abs(width - probability) > 1e-6:
            raise Wrong(
                f"the width for {list(message)} should be its probability, {probability:.6g}, "
                f"got {width:.6g}; are you asking for the probabilities given the levels before?"
            )
        pieces.append((low, width))
    ends = np.cumsum([0.0] + [width for _, width in pieces])
    for (low, _), start in zip(pieces, ends, strict=False):
        if abs(low - start) > 1e-6:
            raise Wrong(
                "the intervals of all messages of one length should lie side by side without gap "
                f"or overlap; one should begin at {start:.6g}, got {low:.6g}"
            )
    _, width = both([2, 1, 0, 2], long_memory)
    probability = math.prod(
        float(long_memory([2, 1, 0, 2][:t])[code]) for t, code in enumerate([2, 1, 0, 2])
    )
    if abs(width - probability) > 1e-6:
        raise Wrong(
            "where each level depends on all levels before it, the width for [2, 1, 0, 2] should "
            f"be {probability:.6g}, got {width:.6g}; ask for the probabilities given the whole "
            "past, codes[:t]"
        )
