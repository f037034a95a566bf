"""Checks of notebook 04, Moving averages and ARMA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.signal

from course_lib.models.linear.arma import ARMA
from course_lib.teaching.exercises.registry import (
    Wrong,
    exercise,
    expect_array,
    expect_close,
    expect_pair,
)

_NONE = np.zeros(0)


@exercise(
    "04.1",
    "What a moving average leaves behind",
    hints=[
        "Put the invisible 1 in front: weights = np.append(1.0, theta).",
        "gamma(k) is variance times the sum of weights[j] * weights[j + k] over all j for which "
        "both exist.",
        "Beyond lag len(theta) no j is left: the result is zero there, not missing.",
    ],
)
def check_autocovariance(answer: Callable[[np.ndarray, float, int], np.ndarray]) -> None:
    what = "gamma(0) ... gamma(3) for theta = [0.5], variance = 1"
    got = expect_array(answer(np.array([0.5]), 1.0, 3), (4,), what)
    if np.allclose(got, [0.25, 0, 0, 0]):
        raise Wrong("the weight of the newest innovation, 1, is missing: theta_0 = 1")
    if np.allclose(got, [1, 0.4, 0, 0]):
        raise Wrong("these are correlations, divided by gamma(0); the covariances are asked for")
    expect_close(got, [1.25, 0.5, 0, 0], what)
    cases: list[tuple[Any, float, int]] = [
        (np.array([0.5]), 4.0, 2),
        (np.array([-0.9, 0.2, 0.6]), 1.0, 6),
        (np.array([-0.9, 0.2, 0.6]), 2.0, 1),
        (_NONE, 3.0, 2),
    ]
    for theta, variance, lags in cases:
        what = f"the autocovariance up to lag {lags} for theta = {theta}, variance = {variance:g}"
        expected = ARMA(_NONE, theta, variance).autocovariance(lags)
        expect_close(answer(theta.copy(), variance, lags), expected, what)


@exercise(
    "04.2",
    "The invertible twin",
    hints=[
        "The zeros are np.roots([1, theta_1, ..., theta_q]). Which are larger than 1 in size?",
        "Mirror those, and only those: z becomes 1 / conj(z). np.poly gives coefficients back, "
        "the 1 in front among them.",
        "For MA(1), theta becomes 1 / theta and the variance theta^2 times as large. In general it "
        "grows by the product of |z|^2 over the zeros that were mirrored.",
    ],
)
def check_invertible_twin(answer: Callable[[np.ndarray, float], Any]) -> None:
    cases = (
        (np.array([2.0]), 1.0),
        (np.array([0.5]), 3.0),
        (np.array([-2.5, 1.0]), 1.0),  # zeros 2 and 0.5
        (np.array([1.0, 2.5]), 0.5),  # a complex pair outside
        (np.array([-2.5, 2.0, 0.3]), 2.0),
    )
    for theta, variance in cases:
        where = f"for theta = {theta}, variance = {variance:g}"
        try:
            got, power = answer(theta.copy(), variance)
        except (TypeError, ValueError) as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                raise  # it came from inside the answer
            raise Wrong(f"{where}, return two things: (theta, variance)") from None
        got = expect_array(got, theta.shape, f"theta {where}")
        power = float(expect_array(power, (), f"the variance {where}"))
        largest = np.abs(np.roots(np.append(1.0, got))).max(initial=0.0)
        if largest >= 1:
            raise Wrong(f"{where} your twin still has a zero at distance {largest:.3g} from 0")
        twin = ARMA(_NONE, theta, variance).invertible()
        if not np.allclose(got, twin.theta):
            raise Wrong(
                f"{where} your zeros are inside, but the spectrum has another shape: theta should "
                f"be {np.round(twin.theta, 4)}, got {np.round(got, 4)}; zeros that were inside "
                "already stay"
            )
        expect_close(power, twin.variance, f"the variance {where}", atol=1e-6)


@exercise(
    "04.3",
    "Find what went in",
    hints=[
        "Solve the model for e[t]: everything else goes to the other side and changes its sign.",
        "e[t] = x[t] - sum_k phi[k] x[t-1-k] - sum_k theta[k] e[t-1-k]. The second sum runs over "
        "innovations that you have found already: one loop over t.",
        "Before the first sample everything is zero: let k run to min(len(theta), t) only, or "
        "x[-1] will be the last sample.",
    ],
)
def check_recovered_innovations(
    answer: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> None:
    e = np.array([1.0, -2.0, 0.5, 3.0, 0.0, 1.0])
    cases = (
        (_NONE, np.array([0.5]), "a moving average, theta = [0.5]"),
        (np.array([0.5]), _NONE, "an AR model, phi = [0.5]"),
        (np.array([1.5, -0.8]), np.array([0.6, 0.3, -0.2]), "phi = [1.5, -0.8], theta of order 3"),
    )
    for phi, theta, name in cases:
        forward, backward = np.append(1.0, theta), np.append(1.0, -phi)
        x = scipy.signal.lfilter(forward, backward, e)
        got = expect_array(answer(x.copy(), phi, theta), e.shape, f"the innovations of {name}")
        whitened = scipy.signal.lfilter(backward, [1.0], x)
        if len(theta) and np.allclose(got, scipy.signal.lfilter(forward, [1.0], whitened)):
            raise Wrong(
                "you have filtered the recording with theta once more; theta weighs past "
                "innovations, e[t-1-k], which have to be found one after another"
            )
        flipped = scipy.signal.lfilter(backward, np.append(1.0, -theta), x)
        if len(theta) and np.allclose(got, flipped):
            raise Wrong("the sign of theta is wrong: what was added must be taken away again")
        expect_close(got, e, f"the innovations of {name}")


@exercise(
    "04.4",
    "The machine",
    hints=[
        "T state = phi * state[0], plus the state shifted by one: new[i] gets state[i + 1].",
        "R innovation = (1, theta_1, ...) * innovation, filled up with zeros to the state's "
        "length.",
        "The output is Z times the new state: its first number.",
    ],
)
def check_machine(answer: Callable[..., Any]) -> None:
    e = np.array([1.0, 0.0, 0.0, -2.0, 1.0, 0.5, 0.0])
    cases = (
        (np.array([0.5]), _NONE, 1),
        (_NONE, np.array([0.5, -0.3]), 3),
        (np.array([1.5, -0.8]), np.array([0.6, 0.3]), 3),
        (np.array([0.9, -0.5, 0.2, 0.1]), np.array([0.4]), 4),
        (np.array([0.5]), np.array([0.4]), 5),
    )
    for phi, theta, size in cases:
        name = f"with phi = {phi}, theta = {theta}, state of {size}"
        expected = scipy.signal.lfilter(np.append(1.0, theta), np.append(1.0, -phi), e)
        state, outputs = np.zeros(size), np.zeros(len(e))
        for t, innovation in enumerate(e):
            given = state.copy()
            result = answer(given, float(innovation), phi, theta)
            output, new = expect_pair(result, "(output, new_state)")
            if not np.array_equal(given, state):
                raise Wrong("your step changed the old state in place; work on a new array")
            state = expect_array(new, (size,), f"the new state {name}")
            outputs[t] = float(expect_array(output, (), f"the output {name}"))
        expect_close(outputs, expected, f"the outputs {name}, from rest, for e = {e},")
