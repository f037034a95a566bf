"""Checks of notebook 07, Boltzmann machines, and learning by gradient."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close

Function = Callable[[float], float]


@exercise(
    "07.1",
    "The slope of the smallest machine",
    hints=[
        "Look again at the box: the average of v h over the data, less that over the model.",
        "In the data v h is 1 with the probability m P(h = 1 | v = 1): where v = 0, it is 0. Given "
        "v = 1, the logit of h is c + w.",
        "In the model it is p(1, 1) = exp(w + b + c) / Z, with "
        "Z = 1 + exp(b) + exp(c) + exp(w + b + c).",
    ],
)
def check_slope(answer: Callable[[float, float, float, float], float]) -> None:
    for w, b, c, m in ((np.log(3), 0.0, 0.0, 1.0), (0.7, -0.4, 0.3, 0.25), (-1.5, 0.5, 1.0, 0.6)):
        z = 1 + np.exp(b) + np.exp(c) + np.exp(w + b + c)
        given, model = 1 / (1 + np.exp(-w - c)), np.exp(w + b + c) / z
        what = f"the slope at w = {w:.3g}, b = {b:g}, c = {c:g}, m = {m:g}"
        got = expect_array(answer(float(w), b, c, m), (), what)
        mean_v = (np.exp(b) + np.exp(w + b + c)) / z
        mean_h = (np.exp(c) + np.exp(w + b + c)) / z
        slips = (
            (model - m * given, "it has the wrong sign: this is the way down; the data's average "
             "comes first"),
            (m * given, "the average over the model is missing: without it, ln Z would not count"),
            (m - mean_v, "this is the slope on b; for w the statistic is v h"),
            (given - model, "the share m is missing: v h is 0 wherever v is 0"),
            (m * given - mean_v * mean_h, "in the model v and h depend on each other: the average "
             "of v h is p(1, 1), and not a product of averages"),
        )  # fmt: skip
        right = m * given - model
        for slip, reason in slips:
            if np.isclose(got, slip) and not np.isclose(right, slip):
                raise Wrong(f"{what}: {reason}")
        expect_close(got, right, what)


@exercise(
    "07.2",
    "Descent with momentum",
    hints=[
        "Begin with `my_descent` of the page, and keep a second number, m, beside the path.",
        "In each step first m = keep * m + slope(where we are), then the step is rate * m.",
        "The first step is rate * slope(start), as without momentum; the path begins with start.",
    ],
)
def check_momentum(answer: Callable[[Function, float, float, float, int], np.ndarray]) -> None:
    def slope(theta: float) -> float:
        return 2.0 * (theta - 3.0)

    for start, rate, keep, steps in ((0.0, 0.1, 0.5, 3), (5.0, 0.2, 0.9, 6), (1.0, 0.3, 0.0, 2)):
        what = f"the path from {start:g}, rate {rate:g}, keep {keep:g}"
        got = expect_array(answer(slope, start, rate, keep, steps), (steps + 1,), what)
        if not np.isclose(got[0], start):
            raise Wrong(f"{what}: the path begins with where we stand before the first step")
        paths = {mode: _path(slope, start, rate, keep, steps, mode=mode) for mode in _SLIPS}
        for mode, reason in _SLIPS.items():
            if np.allclose(got, paths[mode]) and not np.allclose(paths[""], paths[mode]):
                raise Wrong(f"{what}: {reason}")
        expect_close(got, paths[""], what)


_SLIPS = {
    "": "",
    "plain": "these are plain steps; does m keep a share of itself from step to step?",
    "up": "the steps go up; subtract rate * m",
    "average": "here m is keep * m + slope, not a weighted average with 1 - keep",
    "late": "the slope goes into m first, and then the step is taken with the new m",
}
"""What a path may get wrong, and what to say of it."""


def _path(
    slope: Function, start: float, rate: float, keep: float, steps: int, *, mode: str
) -> np.ndarray:
    """Return the right path for mode "", and otherwise that of a mistake."""
    path, m = [start], 0.0
    for _ in range(steps):
        old, g = m, slope(path[-1])
        m = g if mode == "plain" else keep * m + (1 - keep if mode == "average" else 1) * g
        used = old if mode == "late" else m
        path.append(path[-1] + rate * used if mode == "up" else path[-1] - rate * used)
    return np.array(path)


@exercise(
    "07.3",
    "Changing places",
    hints=[
        "The probability of both rungs together is exp(-F_a(v of rung a) - F_b(v of rung b)), over "
        "Z_a Z_b, which stays the same.",
        "Old: v_a on rung a and v_b on rung b. New: v_b on rung a and v_a on rung b.",
        "The ratio is exp(F_a(v_a) + F_b(v_b) - F_a(v_b) - F_b(v_a)), and at most 1 is a "
        "probability.",
    ],
)
def check_swap(answer: Callable[..., float]) -> None:
    def low(v: np.ndarray) -> float:
        return float(-0.5 * np.sum(v))

    def high(v: np.ndarray) -> float:
        return float(-2.0 * np.sum(v) + 0.3 * v[0])

    states = [np.array(s, dtype=float) for s in itertools.product([0, 1], repeat=3)]
    for v_a, v_b in itertools.product(states, repeat=2):
        gain = low(v_a) + high(v_b) - low(v_b) - high(v_a)
        what = f"the probability for v_a = {v_a.astype(int)}, v_b = {v_b.astype(int)}"
        got = expect_array(answer(low, high, v_a.copy(), v_b.copy()), (), what)
        if got > 1:
            raise Wrong(f"{what}: {got:.3g} is no probability; take at most 1")
        right = float(np.exp(min(0.0, gain)))
        for rung, its in (("a", low(v_a) - low(v_b)), ("b", high(v_b) - high(v_a))):
            other = "b" if rung == "a" else "a"
            alone = np.exp(min(0.0, its))
            if np.isclose(got, alone) and not np.isclose(got, right):
                raise Wrong(f"{what}: this asks rung {rung} alone; rung {other} changes as well")
        if abs(gain) > 1e-9 and np.isclose(got, np.exp(min(0.0, -gain))):
            raise Wrong(
                f"{what}: you accept what is less probable and refuse what is more so; a state is "
                "the more probable, the lower its free energy"
            )
        if np.isclose(got, 1 / (1 + np.exp(-gain))):
            raise Wrong(f"{what}: this is a coin with that logit; the text asks for min(1, ratio)")
        expect_close(got, right, what)


@exercise(
    "07.4",
    "Which chains are stuck",
    hints=[
        "Half of the data are high. Which sets hold high bursts?",
        "A machine that is hardly trained has a mixture of bands in each burst, so its bursts "
        "differ from one another. Stuck chains are alike.",
    ],
)
def check_judgement(answer: str) -> None:
    if not isinstance(answer, str) or answer.strip().upper() not in ("A", "B", "C"):
        raise Wrong('answer with one letter, "A", "B" or "C"')
    letter = answer.strip().upper()
    if letter == "A":
        raise Wrong("in A low and high bursts are both there, as in the data: its chains cross")
    if letter == "B":
        raise Wrong("in B the bursts differ from one another: its chains move freely, and what you "
                    "hear is what this poor machine believes")  # fmt: skip
