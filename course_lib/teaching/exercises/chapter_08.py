"""Checks of notebook 08, recurrent networks."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.teaching.exercises.registry import (
    Wrong,
    exercise,
    expect_array,
    expect_close,
    expect_pair,
)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _gru_step(
    x: np.ndarray,
    h: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray,
    b_hh: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return the right answer under "", and answers that show one misconception each."""
    r_x, z_x, n_x = np.split(w_ih @ x + b_ih, 3)
    r_h, z_h, n_h = np.split(w_hh @ h + b_hh, 3)
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
    n = np.tanh(n_x + r * n_h)
    w_n, b_n = w_hh[2 * len(h) :], b_hh[2 * len(h) :]
    early = np.tanh(n_x + w_n @ (r * h) + b_n)
    outside = np.tanh(n_x + b_n + r * (w_n @ h))
    other_r, other_z = z, r
    swapped = np.tanh(n_x + other_r * n_h)
    return {
        "": (1 - z) * n + z * h,
        "z is the share of the old state that stays, and 1 - z that of the proposal; yours is "
        "the other way round": z * n + (1 - z) * h,
        "PyTorch's reset gate multiplies W_hh h + b_hh, after the matrix; yours multiplies h, "
        "before it": (1 - z) * early + z * h,
        "PyTorch's reset gate multiplies b_hh, too: r * (W_hh h + b_hh); yours leaves the bias "
        "outside": (1 - z) * outside + z * h,
        "the first third of the weights is r, the second z; yours has them exchanged": (
            (1 - other_z) * swapped + other_z * h
        ),
        "the reset gate r is missing: it multiplies n_h": (1 - z) * np.tanh(n_x + n_h) + z * h,
    }


@exercise(
    "08.1",
    "One step of a GRU",
    hints=[
        "W_ih x + b_ih is a vector of 3 units: np.split(..., 3) gives r_x, z_x and n_x. Do the "
        "same with W_hh h + b_hh.",
        "r = sigmoid(r_x + r_h) and z = sigmoid(z_x + z_h); sigmoid(a) = 1 / (1 + exp(-a)).",
        "n = tanh(n_x + r * n_h), and the next state is (1 - z) * n + z * h.",
    ],
)
def check_gru_step(answer: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(81)
    for inputs, units in ((3, 4), (5, 2), (1, 1)):
        shapes = ((inputs,), (units,), (3 * units, inputs), (3 * units, units))
        given = [rng.standard_normal(shape) for shape in (*shapes, (3 * units,), (3 * units,))]
        got = answer(*(array.copy() for array in given))
        got = expect_array(got, (units,), f"the next state of {units} units")
        answers = _gru_step(*given)
        expected = answers.pop("")
        for complaint, value in answers.items():
            if np.allclose(got, value) and not np.allclose(got, expected):
                raise Wrong(complaint)
        expect_close(got, expected, f"the next state of {units} units hearing {inputs} inputs")


@exercise(
    "08.2",
    "How far should the gate stand open?",
    hints=[
        "After n samples, the share sigmoid(f)^n of what was stored is left.",
        "sigmoid(f)^half_life = 1/2, so sigmoid(f) = 0.5 ** (1 / half_life).",
        "The inverse of the logistic function is f = ln(s / (1 - s)).",
    ],
)
def check_forget_bias(answer: Callable[[float], float]) -> None:
    for half_life in (8.0, 1.0, 100.0, 2500.0):
        got = float(expect_array(answer(half_life), (), f"f for a half-life of {half_life:g}"))
        share = 0.5 ** (1 / half_life)
        expected = np.log(share / (1 - share))
        if np.isclose(got, share):
            raise Wrong("this is how far the gate stands open, sigmoid(f); f itself is asked for")
        if np.isclose(got, -expected) and half_life > 1:
            raise Wrong("the sign is wrong: this gate would keep what yours should lose")
        expect_close(
            got, expected, f"f for a half-life of {half_life:g} samples", atol=1e-3
        )  # in float32, 1 - share has few digits


@exercise(
    "08.3",
    "Clip",
    hints=[
        "The joint length is the square root of the sum of all squares, over all arrays.",
        "If it is above the limit, multiply every array by limit / length; otherwise by 1.",
        "Mind the gradient that is zero everywhere.",
    ],
)
def check_clip(answer: Callable[[list[np.ndarray], float], Any]) -> None:
    rng = np.random.default_rng(83)
    small: list[np.ndarray] = [np.array([0.3]), np.array([[0.0, 0.4]])]
    large: list[np.ndarray] = [
        rng.standard_normal((3, 2)),
        10 * rng.standard_normal(4),
        np.zeros(2),
    ]
    zero: list[np.ndarray] = [np.zeros(3)]
    for gradients, limit, name in (
        (small, 1.0, "a gradient shorter than the limit"),
        (large, 1.0, "a long gradient"),
        (large, 25.0, "a gradient of length 25 or so"),
        (zero, 1.0, "a gradient of zeros"),
    ):
        got = answer([g.copy() for g in gradients], limit)
        if not isinstance(got, list | tuple) or len(got) != len(gradients):
            raise Wrong(f"for {name} of {len(gradients)} arrays, return as many in a list")
        length = float(np.linalg.norm(np.concatenate([g.ravel() for g in gradients])))
        factor: float = limit / length if length > limit else 1.0
        arrays = [
            expect_array(g, expected.shape, f"array {i} of {name}")
            for i, (g, expected) in enumerate(zip(got, gradients, strict=True))
        ]
        each = [g * min(1.0, limit / max(float(np.linalg.norm(g)), 1e-300)) for g in gradients]
        if factor < 1 and all(np.allclose(g, e) for g, e in zip(arrays, each, strict=True)):
            raise Wrong("each array was clipped by itself; that turns the gradient's direction")
        if (
            factor == 1
            and length > 0
            and np.isclose(np.linalg.norm(np.concatenate([g.ravel() for g in arrays])), limit)
        ):
            raise Wrong(f"{name} was made longer; leave it as it is")
        for i, (g, expected) in enumerate(zip(arrays, gradients, strict=True)):
            expect_close(g, factor * expected, f"array {i} of {name}")


@exercise(
    "08.4",
    "Draw",
    hints=[
        "p = exp(logits / temperature), divided by its sum. exp(1000) overflows: subtract the "
        "largest logit first, which changes nothing.",
        "np.cumsum(p) > uniform is False up to the level before the one that is drawn.",
        "np.argmax of an array of booleans is the first that is True.",
    ],
)
def check_draw(answer: Callable[[np.ndarray, float, float], int]) -> None:
    def drawn(logits: np.ndarray, temperature: float, uniform: float) -> int:
        got = answer(logits.copy(), temperature, uniform)
        try:
            if isinstance(got, bool):
                raise TypeError
            return operator.index(got)  # also of a NumPy or torch number
        except TypeError:
            raise Wrong(f"need a whole number, the level, got {got!r}") from None

    rng = np.random.default_rng(84)
    logits = np.array([0.0, np.log(2.0), np.log(5.0)])  # probabilities 1/8, 2/8 and 5/8
    for uniform, expected in ((0.0, 0), (0.124, 0), (0.126, 1), (0.374, 1), (0.376, 2), (0.99, 2)):
        if (got := drawn(logits, 1.0, uniform)) != expected:
            raise Wrong(
                f"with probabilities 1/8, 2/8, 5/8 the number {uniform} draws level {expected}, "
                f"yours {got}"
            )
    for logits, uniform, expected in (
        (np.array([-1000.0, 0.0, 0.0]), 0.0, 1),
        (np.array([0.0, -1000.0, 0.0]), 0.5, 2),
    ):
        if (got := drawn(logits, 1.0, uniform)) != expected:
            raise Wrong(
                f"for logits {logits.tolist()} the number {uniform} lies on an edge: the first "
                f"level whose cumulative probability *exceeds* it is {expected}, yours draws {got}"
            )
    if drawn(np.array([1.0, 3.0, 2.0]), 0.0, 0.99) != 1:
        raise Wrong("at temperature 0 the likeliest level is taken, whatever the uniform number")
    if drawn(np.array([999.0, 1000.0]), 1.0, 0.5) != 1:
        raise Wrong(
            "for logits of 999 and 1000 and the number 0.5 level 1 is drawn; does exp overflow?"
        )
    for temperature in (0.3, 1.0, 4.0):
        for _ in range(50):
            logits, uniform = 3 * rng.standard_normal(6), rng.random()
            p = np.exp(logits / temperature)
            edges = np.cumsum(p / p.sum())
            if np.abs(edges - uniform).min() < 1e-6:
                continue
            expected = int(np.argmax(edges > uniform))
            if (got := drawn(logits, temperature, uniform)) != expected:
                raise Wrong(
                    f"at temperature {temperature} the number {uniform:.3f} draws level "
                    f"{expected} from logits {np.round(logits, 2)}, yours {got}; divide the "
                    "logits by the temperature before the softmax"
                )


@exercise(
    "08.5",
    "A pole that rings",
    hints=[
        "The pole is lambda = exp(-exp(nu) + i theta). Look again at the one-number case: which "
        "part of lambda says how fast the state turns, and which how fast it shrinks?",
        "The angle theta is 2 pi times the frequency divided by the sample rate.",
        "After n samples |lambda|^n = exp(-n exp(nu)) is left. That is 1/e after n = exp(-nu) "
        "samples; count the samples in `memory` milliseconds.",
    ],
)
def check_ringing_pole(answer: Callable[[float, float, int], Any]) -> None:
    for frequency, memory, sample_rate in ((500.0, 10.0, 8000), (1200.0, 3.0, 16_000)):
        got = expect_pair(answer(frequency, memory, sample_rate), "the pair (nu, theta)")
        nu, theta = (
            float(expect_array(each, (), name))
            for each, name in zip(got, ("nu", "theta"), strict=True)
        )
        samples = memory / 1000 * sample_rate
        case = f"{frequency:g} Hz and {memory:g} ms at {sample_rate} Hz"
        for value, complaint in (
            (frequency / sample_rate, "your angle is in cycles per sample; theta is in radians"),
            (2 * np.pi * frequency, "your angle is per second; theta is the angle per sample"),
        ):
            if np.isclose(theta, value):
                raise Wrong(complaint)
        expect_close(theta, 2 * np.pi * frequency / sample_rate, f"theta for {case}")
        for value, complaint in (
            (np.log(samples), "the sign of your nu is wrong: a longer memory needs a smaller nu"),
            (-np.log(memory), "your nu counts milliseconds; it counts samples"),
            (-np.log(memory / 1000), "your nu counts seconds; it counts samples"),
            (-1 / samples, "this is ln |lambda|; nu stands one exponential deeper"),
            (np.exp(-1 / samples), "this is |lambda| itself; return nu"),
        ):
            if np.isclose(nu, value):
                raise Wrong(complaint)
        expect_close(nu, -np.log(samples), f"nu for {case}")
