"""Checks of notebook 11, WaveNet, piece by piece."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, log_softmax, softmax

from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "11.1",
    "How far back?",
    hints=[
        "One layer with k taps, d apart, sees the present sample and (k - 1) d samples before.",
        "Stacked layers add their reaches; they do not multiply them.",
        "1 + (taps - 1) * sum(dilations).",
    ],
)
def check_receptive_field(answer: Callable[[list[int], int], int]) -> None:
    for dilations, taps in (
        ([1], 2),
        ([4], 2),
        ([1, 2, 4, 8], 2),
        ([1, 2, 4, 1, 2, 4], 2),
        ([1, 1, 1], 2),
        ([1, 2, 4], 3),
        ([5, 3], 4),
        ([2**i for i in range(10)] * 3, 2),
    ):
        heard = np.ones(1)  # which past samples reach the output, layer by layer
        for dilation in dilations:
            layer = np.zeros((taps - 1) * dilation + 1)
            layer[::dilation] = 1
            heard = np.convolve(heard, layer)
        what = f"the receptive field of dilations {dilations} with {taps} taps each"
        got = float(expect_array(answer(list(dilations), taps), (), what))
        if got == len(heard) - 1:
            raise Wrong(f"{what} is {len(heard)}, got {got:g}: the newest sample counts too")
        expect_close(got, len(heard), what, atol=1e-9)


@exercise(
    "11.2",
    "A dilated causal convolution",
    hints=[
        "y[t] = past * x[t - dilation] + present * x[t], and x[t - dilation] is zero while "
        "t < dilation.",
        "Shift x: put `dilation` zeros in front and cut the end off.",
        "A dilation longer than the sound leaves nothing of the past: "
        "np.concatenate([np.zeros(dilation), x])[: len(x)] copes with that too.",
    ],
)
def check_causal_convolution(
    answer: Callable[[np.ndarray, float, float, int], np.ndarray],
) -> None:
    click = np.zeros(8)
    click[2] = 1.0
    got = expect_array(answer(click.copy(), 0.5, 2.0, 3), (8,), "the response to a click at t = 2")
    if got[:2].any():
        raise Wrong(
            "the click comes at t = 2, but your output moves before it: a causal filter cannot "
            "know what is to come"
        )
    if np.allclose(got, 0.5 * click + 2 * np.roll(click, 3)):
        raise Wrong("`past` belongs to x[t - dilation] and `present` to x[t]; yours swaps them")
    expected = 2 * click + 0.5 * np.roll(click, 3)
    expect_close(
        got, expected, "the response to a click at t = 2 (past 0.5, present 2, dilation 3)"
    )
    x = np.cos(np.arange(30) ** 1.2)
    for dilation in (1, 2, 7, 29, 30, 64):
        before = np.array([x[t - dilation] if t >= dilation else 0.0 for t in range(30)])
        what = f"the output of dilation {dilation} for 30 samples"
        expect_close(answer(x.copy(), -0.7, 1.3, dilation), 1.3 * x - 0.7 * before, what)


@exercise(
    "11.3",
    "A gate",
    hints=[
        "Half of the last axis is content, the other half decides how much of it passes.",
        "np.split(a, 2, axis=-1) gives the two halves; they may have a time axis before them.",
        "np.tanh(content) / (1 + np.exp(-gate)).",
    ],
)
def check_gate(answer: Callable[[np.ndarray], np.ndarray]) -> None:
    got = expect_array(answer(np.array([3.0, -40.0])), (1,), "the gate's output for [3, -40]")
    if abs(got[0]) > 1e-6:
        raise Wrong(
            "with 3 for the content and -40 for the gate nothing should pass, yours lets "
            f"{got[0]:.4g} through: the second half is the gate"
        )
    rng = np.random.default_rng(3)
    for shape in ((2,), (6,), (4, 6), (3, 2, 8)):
        a = 2 * rng.standard_normal(shape)
        half = shape[-1] // 2
        expected = np.tanh(a[..., :half]) * expit(a[..., half:])
        expect_close(answer(a.copy()), expected, f"the gate's output for an array of shape {shape}")


@exercise(
    "11.4",
    "A draw at a temperature",
    hints=[
        "Divide the logits by the temperature before the softmax, not the probabilities after it.",
        "Subtract the largest logit first, so that np.exp stays finite.",
        "The code is the first whose cumulative probability exceeds u: "
        "int(np.argmax(np.cumsum(p) > u)). At temperature 0 it is np.argmax(logits).",
    ],
)
def check_draw(answer: Callable[[np.ndarray, float, float], int]) -> None:
    logits = np.log(np.array([0.1, 0.2, 0.3, 0.4]))
    large = np.array([900.0, 901.0, 899.0, 896.0])
    for scores in (logits, large):
        for temperature in (1.0, 0.5, 2.0):
            heap = np.cumsum(softmax(scores / temperature))
            edges = np.concatenate([[0.0], heap[:-1] + 1e-9, heap - 1e-6])
            for u in edges:
                expected = int(np.searchsorted(heap, u, side="right"))
                what = (
                    f"the code for u = {u:.6f}, temperature {temperature:g} and logits "
                    f"{np.round(scores, 3).tolist()}"
                )
                got = float(expect_array(answer(scores.copy(), temperature, float(u)), (), what))
                expect_close(got, expected, what, atol=1e-9)
    for scores in (logits, large):
        for u in (0.0, 0.5, 0.99):
            what = f"the code at temperature 0 and u = {u:g}"
            got = float(expect_array(answer(scores.copy(), 0.0, u), (), what))
            expect_close(got, int(np.argmax(scores)), what, atol=1e-9)


@exercise(
    "11.5",
    "What a sound costs",
    hints=[
        "The cost of one code is -log2 of its softmax probability; the answer is the mean over t.",
        "ln softmax(l)[k] = l[k] - ln(sum of exp(l)); subtract the largest logit before exp.",
        "Pick one number a row with logits[np.arange(len(codes)), codes], and divide nats by ln 2.",
    ],
)
def check_cost(answer: Callable[[np.ndarray, np.ndarray], float]) -> None:
    flat = np.zeros((5, 256))
    got = float(expect_array(answer(flat, np.arange(5)), (), "the bits of an even softmax"))
    if abs(got - 8 * np.log(2)) < 1e-6:
        raise Wrong("with 256 equal logits a code costs 8 bits; yours gives 5.545, which are nats")
    if abs(got - 40) < 1e-6:
        raise Wrong("yours is the cost of the whole sound; divide by its number of samples")
    expect_close(got, 8.0, "the bits per sample of 256 equal logits")
    rng = np.random.default_rng(5)
    for scale, shift in ((1.0, 0.0), (5.0, 40.0), (3.0, 2000.0)):
        logits = scale * rng.standard_normal((20, 16)) + shift
        codes = rng.integers(0, 16, 20)
        expected = -log_softmax(logits, axis=1)[np.arange(20), codes].mean() / np.log(2)
        what = f"the bits per sample for logits around {shift:g}"
        expect_close(answer(logits.copy(), codes.copy()), expected, what)
