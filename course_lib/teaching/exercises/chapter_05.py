"""Checks of notebook 05, ARIMA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg
import scipy.signal

from course_lib.teaching.exercises.registry import (
    RELATIVE,
    Wrong,
    exercise,
    expect_array,
    expect_close,
    expect_pair,
)


@exercise(
    "05.1",
    "Undo the differences",
    hints=[
        "For d = 1: the first value is last[-1] + changes[0], the next adds changes[1], and so "
        "on. That is last[-1] + np.cumsum(changes).",
        "For d = 2, `changes` are differences of differences. The last known difference is "
        "last[-1] - last[-2]: undo once from there, and you are back at d = 1.",
        "In general: for d from len(last) - 1 down to 0, "
        "changes = np.diff(last, d)[-1] + np.cumsum(changes).",
    ],
)
def check_undo_differences(answer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    changes = np.array([1.0, -2.0, 0.5])
    got = expect_array(answer(changes.copy(), np.zeros(0)), (3,), "the values for d = 0")
    expect_close(got, changes, "for d = 0, what was never differenced")
    got = expect_array(answer(changes.copy(), np.array([10.0])), (3,), "the values for d = 1")
    if np.allclose(got, np.cumsum(changes)):
        raise Wrong("differences know nothing of the level: begin from the last known value")
    expect_close(got, [11.0, 9.0, 9.5], "the values after last = [10] with changes [1, -2, 0.5]")
    x = np.sin(np.arange(20) ** 1.3) * np.arange(20)
    for d in (1, 2, 3):
        got = expect_array(answer(np.diff(x, d)[10 - d :], x[10 - d : 10]), (10,), f"d = {d}")
        if d > 1 and np.allclose(got, x[9] + np.cumsum(np.diff(x, d)[10 - d :])):
            raise Wrong(f"for d = {d} summing once is not enough: sum {d} times")
        expect_close(got, x[10:], f"the rest of a series from its differences, d = {d},")


@exercise(
    "05.2",
    "How fast an interval widens",
    hints=[
        "First find psi, the response of x to one innovation of 1 at time 0. psi[0] = 1.",
        "Without differences, psi[j] = theta[j-1] + sum_k phi[k] psi[j-1-k], where theta ends "
        "after q and psi before time 0 is zero. Each difference sums psi once: np.cumsum.",
        "The variance h steps ahead is variance * (psi[0]^2 + ... + psi[h-1]^2); the answer is its "
        "square root.",
    ],
)
def check_forecast_deviations(answer: Callable[..., np.ndarray]) -> None:
    none = np.zeros(0)
    cases: list[tuple[Any, Any, int, float, str]] = [
        (none, none, 1, 4.0, "a random walk"),
        (none, none, 0, 4.0, "white noise"),
        (np.array([0.5]), none, 0, 1.0, "an AR(1) with phi = 0.5"),
        (none, np.array([0.8]), 0, 1.0, "an MA(1) with theta = 0.8"),
        (np.array([0.5]), np.array([0.4, -0.3]), 1, 2.0, "an ARIMA(1, 1, 2)"),
        (np.array([1.2, -0.6]), np.array([0.4]), 2, 0.5, "an ARIMA(2, 2, 1)"),
    ]
    for phi, theta, d, variance, name in cases:
        got = answer(phi.copy(), theta.copy(), d, variance, 8)
        got = expect_array(got, (8,), f"the deviations for {name}")
        psi = scipy.signal.lfilter(np.append(1.0, theta), np.append(1.0, -phi), np.eye(8)[0])
        stationary = np.sqrt(variance * np.cumsum(psi**2))
        for _ in range(d):
            psi = np.cumsum(psi)
        expected = np.sqrt(variance * np.cumsum(psi**2))
        if d and np.allclose(got, stationary):
            raise Wrong(f"for {name} yours are those of the differences: sum psi {d} time(s)")
        if np.allclose(got, expected**2) and not np.allclose(got, expected):
            raise Wrong(f"for {name} these are the variances; take the square root")
        if variance != 1 and np.allclose(got, expected * np.sqrt(variance)):
            raise Wrong(f"for {name} the square root belongs around the variance as well")
        if variance != 1 and np.allclose(got, expected / np.sqrt(variance)):
            raise Wrong(f"for {name} the innovations have variance {variance:g}, not 1")
        if np.allclose(got, np.append(0.0, expected[:-1])):
            raise Wrong(
                f"for {name} yours begins a step too early: one step ahead, one innovation is "
                "unknown already"
            )
        expect_close(got, expected, f"the deviations for {name}", atol=1e-6)


@exercise(
    "05.3",
    "A bridge over a hole",
    hints=[
        "From the left, the k-th missing value is `before`, with variance k * variance. From the "
        "right it is `after`, with variance (length + 1 - k) * variance.",
        "Two independent guesses a and b with variances A and B are best combined as "
        "(B a + A b) / (A + B), whose variance is A B / (A + B).",
        "With A = k and B = length + 1 - k, A + B = length + 1: the means lie on a straight line.",
    ],
)
def check_bridge(
    answer: Callable[[float, float, int, float], tuple[np.ndarray, np.ndarray]],
) -> None:
    for before, after, length, variance in (
        (1.0, -3.0, 3, 1.0),
        (0.0, 2.0, 1, 1.0),
        (-2.0, 5.0, 10, 0.25),
    ):
        result = expect_pair(answer(before, after, length, variance), "(means, deviations)")
        k = np.arange(1, length + 1)
        line = before + (after - before) * k / (length + 1)
        spread = np.sqrt(variance * k * (length + 1 - k) / (length + 1))
        what = f"from {before:g} to {after:g} over {length} missing"
        means = expect_array(result[0], (length,), f"the means {what}")
        expect_close(means, line, f"the means {what}")
        deviations = expect_array(result[1], (length,), f"the deviations {what}")
        if np.allclose(deviations, np.sqrt(variance * k)):
            raise Wrong(
                f"{what}: your deviations grow all the way to the end, as in a forecast; but the "
                "walk is tied on the right, too"
            )
        near = np.minimum(k, length + 1 - k)
        for end in (near, np.minimum(k, length - k)):
            if np.allclose(deviations, np.sqrt(variance * end)):
                raise Wrong(
                    f"{what}: your deviations know only the nearer end; the farther one tells "
                    "something, too, so the true deviations are smaller"
                )
        if np.allclose(deviations, spread**2):
            raise Wrong(f"{what}: these are the variances; take the square root")
        expect_close(deviations, spread, f"the deviations {what}")


@exercise(
    "05.4",
    "Both sides, without a Kalman filter",
    hints=[
        "Every innovation is linear in x: e = A x, with one row of A for each t from p to "
        "len(x) - 1. The row of t holds 1 at t and -phi[k] at t - 1 - k.",
        "Split the columns: A x = A[:, missing] u + A[:, ~missing] x[~missing], with u unknown.",
        "So u = np.linalg.lstsq(A[:, missing], -A[:, ~missing] @ x[~missing])[0]. Mind the rows "
        "after the hole: they know what the missing samples must lead to.",
    ],
)
def check_fill_between(answer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    cases = [
        (np.array([0.9]), 1),
        (np.array([1.8, -0.95]), 6),
        (np.array([0.5, 0.2, -0.3, 0.1]), 3),
    ]
    for phi, width in cases:
        noise = np.random.default_rng(4).standard_normal(40)
        holed = scipy.signal.lfilter([1.0], np.append(1.0, -phi), noise)
        holed[17 : 17 + width] = np.nan
        what = f"{width} missing sample(s), phi = {phi.tolist()}"
        got = expect_array(answer(holed.copy(), phi.copy()), (40,), f"the filled series, {what}")
        known = ~np.isnan(holed)
        if not np.allclose(got[known], holed[known], rtol=RELATIVE, atol=0):  # float32 will do
            raise Wrong(f"{what}: the samples that are known must stay as they are")
        forward = holed[:17]
        for _ in range(width):
            forward = np.append(forward, phi @ forward[: -len(phi) - 1 : -1])
        if np.allclose(got[~known], forward[17:]):
            raise Wrong(
                f"{what}: this is the forecast from the left alone. The innovations after the hole "
                "depend on the missing samples too, and count"
            )
        expect_close(got, _between(holed, phi), f"the filled series, {what}")


def _between(x: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Fill NaN with the mean of a Gaussian given the rest, from its precision matrix A'A."""
    filter_ = np.append(1.0, -phi)
    innovations = scipy.linalg.convolution_matrix(filter_, len(x))[len(phi) : len(x)]
    precision, missing = innovations.T @ innovations, np.isnan(x)
    filled = x.copy()
    filled[missing] = -np.linalg.solve(
        precision[np.ix_(missing, missing)], precision[np.ix_(missing, ~missing)] @ x[~missing]
    )
    return filled
