"""Checks of notebook 18, Applications: what a machine that makes sound is good for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "18.1",
    "How long must a sound be?",
    hints=[
        "Look again at what the right signs score: about a sqrt(n).",
        "Solve a sqrt(n) = z0 for n; a is 10^(-decibels / 20).",
        "n = (z0 / a)^2, rounded up to a whole number: math.ceil.",
    ],
)
def check_samples_needed(answer: Callable[..., int]) -> None:
    for decibels, z0 in ((20.0, 4.05), (26.0, 5.5), (30.0, 3.21)):
        what = f"the samples needed at {decibels:g} dB for a score of {z0:g}"
        got = float(expect_array(answer(decibels, z0), (), what))
        ratio = z0 / 10 ** (-decibels / 20)
        if math.isclose(got, (z0 / 10 ** (-decibels / 10)) ** 2, rel_tol=1e-3):
            raise Wrong("a is a ratio of amplitudes: 20 in the exponent, not 10")
        if math.isclose(got, (z0 * 10 ** (-decibels / 20)) ** 2, abs_tol=1):
            raise Wrong("a fainter mark needs a longer sound: divide z0 by a")
        if math.isclose(got, ratio, abs_tol=1):
            raise Wrong("the score grows with sqrt(n), so n is the square of z0 / a")
        if got in (math.floor(ratio**2), ratio**2):
            raise Wrong(f"need a whole number with which {z0:g} is reached: round up")
        expect_close(got, np.array(float(math.ceil(ratio**2))), what)


@exercise(
    "18.2",
    "At every delay",
    hints=[
        "Look again at the sum that my_score computes: here it is wanted for each np.roll(s, d).",
        "A loop will do: [u @ np.roll(s, d) for d in range(len(s))], and then np.argmax.",
        "By Fourier: np.fft.irfft(np.fft.rfft(u) * np.conj(np.fft.rfft(s)), len(s)), then argmax.",
    ],
)
def check_delay(answer: Callable[..., int]) -> None:
    rng = np.random.default_rng(18)
    for period, delay in ((64, 0), (64, 13), (101, 77)):
        s = rng.choice([-1.0, 1.0], period)
        u = np.roll(s, delay) + 0.5 * rng.standard_normal(period)
        what = f"the delay of signs that are {delay} of {period} samples late"
        got = float(expect_array(answer(u.copy(), s.copy()), (), what))
        if delay and got == period - delay:
            raise Wrong(f"{what}: you counted backwards, and found {got:g}; np.roll(s, d) moves s "
                        "to the right")  # fmt: skip
        expect_close(got, np.array(float(delay)), what)
    s = rng.choice([-1.0, 1.0], 1024)
    got = float(expect_array(answer(np.roll(s, 5) - 3 * np.roll(s, 20), s.copy()), (), "the delay"))
    if got == 20:
        raise Wrong("you took the largest absolute value: signs that are turned over do not agree")
    expect_close(got, np.array(5.0), "the delay, where turned signs stand beside the right ones")


@exercise(
    "18.3",
    "What swings?",
    hints=[
        "Look again at period_of: the poles are the roots of 1, -phi_1, ..., -phi_p.",
        "Keep the roots whose imaginary part is above 0; where there are none, return None.",
        "The largest of them by absolute value has the angle w; the period is 2 pi / w.",
    ],
)
def check_period(answer: Callable[..., Any]) -> None:
    def with_poles(*pairs: tuple[float, float], real: tuple[float, ...] = ()) -> np.ndarray:
        roots = [r * np.exp(sign * 2j * np.pi / p) for r, p in pairs for sign in (1, -1)]
        return -np.poly([*roots, *real]).real[1:]

    for pairs, real in (
        (((0.95, 11.0),), ()),
        (((0.7, 4.0), (0.97, 9.5)), ()),
        (((0.8, 6.0),), (0.99,)),
    ):
        nearest = max(pairs)[1]
        what = f"the period of poles with (radius, period) {pairs} and real poles {real}"
        returned = answer(with_poles(*pairs, real=real))
        got = float(expect_array(returned, (), what))
        if math.isclose(got, 1 / nearest, rel_tol=1e-6):
            raise Wrong("that is the frequency, swings a sample; the period is its inverse")
        if math.isclose(got, 2 * np.pi / nearest, rel_tol=1e-6):
            raise Wrong("that is the angle; the period is 2 pi over it")
        if len(pairs) > 1 and math.isclose(got, min(pairs)[1], rel_tol=1e-6):
            raise Wrong("that pair is further from the unit circle than another: take the largest")
        expect_close(got, np.array(nearest), what)
    none = answer(with_poles(real=(0.9, 0.5)))
    if none is not None:
        raise Wrong(f"two real poles do not swing: need None, got {none!r}")


@exercise(
    "18.4",
    "What was done to it?",
    hints=[
        "Listen for two things one after the other: is it as long, and is it as high?",
        "One copy is as long as the prompt. The two others are shorter; one of them is higher.",
        "As long and higher: pitch. Shorter and as high: tempo. Shorter and higher: both.",
    ],
)
def check_verdict(answer: Mapping[str, str]) -> None:
    if not isinstance(answer, Mapping) or set(answer) != {"tempo", "pitch", "both"}:
        raise Wrong('need a dictionary such as {"tempo": "A", "pitch": "B", "both": "C"}')
    given = {key: str(value).strip().upper() for key, value in answer.items()}
    if sorted(given.values()) != ["A", "B", "C"]:
        raise Wrong("need each of A, B and C once")
    if given["pitch"] != "A":
        raise Wrong("one copy is as long as the prompt: look at the lengths, too")
    if given["both"] != "B":
        raise Wrong("two copies are shorter; one of them has the voice of a smaller person")
