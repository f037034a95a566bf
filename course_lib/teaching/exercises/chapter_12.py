"""Checks of notebook 12, WaveNet in practice."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "12.1",
    "Warm up, then cool down",
    hints=[
        "Two branches: while step < warmup, a straight line; afterwards, half a cosine.",
        "The first step (0) already moves a little: peak * (step + 1) / warmup.",
        "After the warm-up, progress = (step - warmup) / (steps - warmup) runs from 0 to 1, and "
        "the rate is peak * (1 + cos(pi * progress)) / 2.",
    ],
)
def check_rate(answer: Callable[[int, int, float, int], float]) -> None:
    for steps, peak, warmup in ((100, 1.0, 10), (7000, 3e-3, 200), (50, 2.0, 0)):
        what = f"of {steps} steps with peak {peak:g} and warmup {warmup}"
        small = 1e-6 * peak

        def got(step: int, steps: int = steps, peak: float = peak, warmup: int = warmup) -> float:
            return float(expect_array(answer(step, steps, peak, warmup), (), "the rate"))

        if warmup:
            if abs(got(0)) < small:
                raise Wrong(
                    f"the rate of step 0 {what} should be {peak / warmup:.4g}, got 0: step 0 is "
                    "the first of the warm-up's steps and moves already, by (step + 1) / warmup"
                )
            expect_close(got(0), peak / warmup, f"the rate of step 0 {what}", atol=small)
            half = warmup // 2 - 1
            expect_close(got(half), peak / 2, f"the rate of step {half} {what}", atol=small)
        expect_close(got(warmup), peak, f"the rate of step {warmup} {what}", atol=small)
        middle = (warmup + steps) // 2
        expect_close(got(middle), peak / 2, f"the rate of step {middle} {what}", atol=small)
        last = got(steps - 1)
        if not 0 < last < 0.01 * peak:
            raise Wrong(
                f"the last rate {what} should be just above 0, got {last:.4g}: half a cosine "
                "ends there"
            )
        quarter = warmup + (steps - warmup) // 4
        progress = (quarter - warmup) / (steps - warmup)
        expected = peak * (1 + np.cos(np.pi * progress)) / 2
        expect_close(got(quarter), expected, f"the rate of step {quarter} {what}", atol=small)


@exercise(
    "12.2",
    "A queue for one layer",
    hints=[
        "A queue of length `dilation`, full of zeros at the start, belongs to this layer alone: "
        "collections.deque([0.0] * dilation).",
        "What comes out of it now went in `dilation` steps ago: queue.popleft(). Then the new "
        "input goes in: queue.append(x).",
        "Define push inside make_layer, so that it keeps its own queue, and return push itself.",
    ],
)
def check_queue(answer: Callable[[int, float, float], Callable[[float], float]]) -> None:
    def built(dilation: int, past: float, present: float) -> Callable[[float], Any]:
        push = answer(dilation, past, present)
        if not callable(push):
            raise Wrong(
                "make_layer should return a function that takes one sample, got "
                f"{type(push).__name__}"
            )
        return push

    push = built(3, 10.0, 1.0)
    echo = [float(expect_array(push(x), (), "y")) for x in (1.0, 0, 0, 0, 0, 0)]
    if echo != [1, 0, 0, 10, 0, 0]:
        raise Wrong(
            "a click through dilation 3, past = 10 and present = 1 should come out as "
            f"1, 0, 0, 10, 0, 0, got {', '.join(f'{y:g}' for y in echo)}"
        )
    x = np.sin(np.arange(60) ** 1.3)
    layers = [(1, 0.5, -1.0), (2, -0.7, 0.3), (16, 1.5, 0.2), (2, 1.0, 0.5), (16, -0.4, 1.0)]
    pushes = [built(*layer) for layer in layers]
    outputs = np.array([[push(float(value)) for push in pushes] for value in x])
    for (dilation, past, present), y in zip(layers, outputs.T, strict=True):
        delayed = np.concatenate([np.zeros(dilation), x])[: len(x)]
        expect_close(
            y,
            past * delayed + present * x,
            f"with layers of dilation 1, 2, 16, 2 and 16 at work at once, each with a queue of its "
            f"own, the output of dilation {dilation}",
        )
    for (dilation, *_), push in zip(layers, pushes, strict=True):
        if dilation > 2 and (longest := _longest_kept(push)) > dilation:
            raise Wrong(
                f"after 60 samples your layer of dilation {dilation} keeps {longest} numbers; "
                f"{dilation} are enough, if each makes way for a new one"
            )


@exercise(
    "12.3",
    "Probabilities of levels",
    hints=[
        "Level k stands for the amplitude x_k = 2 k / levels - 1, and its bin reaches half a step, "
        "1 / levels, to either side.",
        "The distribution function of a logistic law is 1 / (1 + exp(-(x - mean) / scale)); "
        "scipy.special.expit is that curve. A bin has what it gains from its left edge to its "
        "right one.",
        "The first bin begins at minus infinity and the last one ends at plus infinity: put "
        "-np.inf and np.inf around the edges between the levels. At last, average over the "
        "components with their weights.",
    ],
)
def check_mixture(
    answer: Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray],
) -> None:
    cases = [
        (np.array([1.0]), np.array([0.0]), np.array([0.1]), 8),
        (np.array([1.0]), np.array([0.9]), np.array([0.2]), 16),
        (np.array([0.7, 0.3]), np.array([-0.4, 0.55]), np.array([0.02, 0.3]), 256),
        (np.array([0.2, 0.5, 0.3]), np.array([0.0, 0.1, -1.2]), np.array([0.001, 0.1, 0.3]), 2**16),
    ]
    for weights, means, scales, levels in cases:
        what = f"{len(weights)} component(s) over {levels} levels"
        got = expect_array(
            answer(weights.copy(), means.copy(), scales.copy(), levels),
            (levels,),
            f"the probabilities of {what}",
        )
        if abs(got.sum() - 1) > 1e-5:
            raise Wrong(
                f"the probabilities of {what} should add up to 1, got {got.sum():.6g}; what "
                "happens to the amplitudes beyond the outermost levels, and to the weights?"
            )
        edges = np.concatenate([[-np.inf], (2 * np.arange(1, levels) - 1) / levels - 1, [np.inf]])
        heaps = expit((edges[:, None] - means) / scales)
        expected = np.diff(heaps, axis=0) @ weights
        expect_close(got, expected, f"the probabilities of {what}", atol=3e-7)


@exercise(
    "12.4",
    "Who is speaking?",
    hints=[
        "Bayes: P(voice | sound) is proportional to P(sound | voice) P(voice), and P(voice) is "
        "the same for all.",
        "exp(-20000) is zero in a computer. Only differences count: subtract the largest first.",
        "p = np.exp(nats - nats.max()), divided by its sum.",
    ],
)
def check_posterior(answer: Callable[[np.ndarray], np.ndarray]) -> None:
    cases = [
        np.log(np.array([0.2, 0.1, 0.1])),
        np.array([-20_000.0, -20_001.0, -20_003.5, -20_100.0]),
        np.array([-5.0, -5.0]),
        np.array([-20_000.0, -23_000.0, -21_500.0]),
        np.array([30.0, 31.0, 29.5]),  # densities may lie above 1
    ]
    for nats in cases:
        expected = softmax(nats)
        what = f"the probabilities for ln P = {np.round(nats, 3).tolist()}"
        raw = answer(nats.copy())
        if isinstance(raw, np.ndarray) and not np.isfinite(raw).all():
            raise Wrong(
                f"{what} should be finite, got {raw.tolist()}: exp of a large positive number "
                "overflows, so subtract the largest, and all differences are 0 or less"
            )
        got = expect_array(raw, nats.shape, what)
        expect_close(got.sum(), 1.0, f"the sum of {what}")
        expect_close(got, expected, what)


def _longest_kept(push: Callable[[float], Any]) -> int:
    """Return the length of the longest list, queue or array that a function keeps for itself."""
    if inspect.isfunction(push):
        kept = [*inspect.getclosurevars(push).nonlocals.values(), *(push.__defaults__ or ())]
    else:
        kept = [*vars(getattr(push, "__self__", push)).values()]
    sizes = [len(one) for one in kept if isinstance(one, list | deque | np.ndarray)]
    return max(sizes, default=0)
