"""Checks of notebook 03, Autoregression."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats

from course_lib.models.linear.ar import AR
from course_lib.models.linear.lattice import step_up
from course_lib.models.linear.linear_prediction import levinson
from course_lib.teaching.exercises.registry import (
    Wrong,
    exercise,
    expect_array,
    expect_close,
    expect_pair,
)


@exercise(
    "03.1",
    "One sample ahead",
    hints=[
        "phi[0] belongs to the newest known sample, x[t-1]; phi[1] to x[t-2]; and so on.",
        "np.convolve(x, phi)[t] is sum_k phi[k] x[t-k]: that is one sample too new.",
        "The prediction of x[t] is np.convolve(x, phi)[t-1], and nothing is known before x[0]: "
        "np.convolve(np.append(0.0, x), phi)[:len(x)].",
    ],
)
def check_prediction(answer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    click = np.zeros(6)
    click[2] = 1.0
    phi = np.array([0.5, 0.25, -1.0])
    got = expect_array(answer(click.copy(), phi.copy()), (6,), "the prediction of 6 samples")
    if got[2] != 0:
        raise Wrong(
            "x[2] = 1 comes out of the blue, so its prediction should be 0; yours is "
            f"{got[2]:.4g}: does it look at x[2] itself?"
        )
    if np.allclose(got[3:], phi[::-1]):
        raise Wrong(
            "after a click at t = 2, phi = [0.5, 0.25, -1] should predict 0.5, 0.25, -1, got "
            "-1, 0.25, 0.5: phi[0] belongs to the newest sample"
        )
    expect_close(got, [0, 0, 0, 0.5, 0.25, -1.0], "the prediction after a click at t = 2")
    x = np.sin(np.arange(40) ** 1.3)
    for order in (1, 5, 16):
        phi = np.cos(np.arange(order)) / order
        expected = x - AR(phi, 1.0).residual(x)
        expect_close(answer(x.copy(), phi), expected, f"the prediction of order {order}")


@exercise(
    "03.2",
    "Levinson's step",
    hints=[
        "k = (r[m+1] - sum_j phi[j] r[m-j]) / v, where m = len(phi): what order m leaves "
        "unexplained at lag m + 1, in proportion to its error.",
        "phi[0] meets r[m], phi[1] meets r[m-1], and so on: phi @ r[m:0:-1].",
        "The new coefficients are phi - k * phi[::-1], followed by k; the new error is "
        "v * (1 - k**2).",
    ],
)
def check_levinson_step(
    answer: Callable[[np.ndarray, np.ndarray, float], tuple[np.ndarray, float]],
) -> None:
    for r in (
        np.array([1.0, 0.5]),
        np.array([1.0, 0.5, 0.1]),
        np.array([2.0, 1.5, 0.4, -0.6]),
        np.array([3.0, -1.0, 0.5, 0.8, -0.9, 0.1]),
    ):
        before, after = levinson(r[:-1]), levinson(r)
        result = answer(r.copy(), before.phi.copy(), float(before.variances[-1]))
        phi, variance = expect_pair(result, "(phi, variance)")
        what = f"for r = {r.tolist()} and phi = {np.round(before.phi, 4).tolist()},"
        phi = expect_array(phi, after.phi.shape, f"{what} the new phi")
        if abs(phi[-1] + after.phi[-1]) < 1e-8:
            raise Wrong(
                f"{what} the last coefficient has the wrong sign: it should be "
                f"{after.phi[-1]:.6g}, got {phi[-1]:.6g}"
            )
        expect_close(phi[-1], after.phi[-1], f"{what} the last coefficient k")
        expect_close(phi, after.phi, f"{what} the new phi")
        expect_close(variance, after.variances[-1], f"{what} the new error power")


@exercise(
    "03.3",
    "Where does it ring?",
    hints=[
        "The poles are the zeros of z^p - phi[0] z^(p-1) - ... - phi[p-1]: "
        "np.roots(np.append(1, -phi)).",
        "Of each pair keep the pole above the real axis; its angle, np.angle, is in radians "
        "per sample, and 2 pi of those are the sample rate.",
        "A pole at radius R dies away as R^t = exp(-pi B t / f_s), so that B = -ln(R) f_s / pi.",
    ],
)
def check_resonances(answer: Callable[[np.ndarray, int], np.ndarray]) -> None:
    cases = [
        (8000, [(700.0, 80.0)]),
        (16_000, [(700.0, 80.0)]),
        (8000, [(500.0, 60.0), (1500.0, 120.0), (2500.0, 200.0)]),
    ]
    for sample_rate, formants in cases:
        polynomial = np.ones(1)
        for frequency, bandwidth in formants:
            radius = math.exp(-math.pi * bandwidth / sample_rate)
            angle = 2 * math.pi * frequency / sample_rate
            polynomial = np.convolve(polynomial, [1, -2 * radius * math.cos(angle), radius**2])
        real_pole = np.convolve(polynomial, [1.0, -0.7])  # a slope, not a resonance
        for a in (polynomial, real_pole):
            what = f"{len(formants)} resonance(s) at {sample_rate} Hz"
            got = answer(-a[1:], sample_rate)
            shape = (len(formants), 2)
            found = expect_array(got, shape, f"rows of frequency and bandwidth for {what}")
            if (found[:, 0] < 0).any():
                raise Wrong(
                    f"for {what}, a frequency came out as {found[:, 0].min():.4g}: of each "
                    "pair of poles, keep the one above the real axis"
                )
            found = found[np.argsort(found[:, 0])]
            if np.allclose(found[:, 0], [f / 2 for f, _ in formants], atol=1e-3):
                raise Wrong(
                    f"for {what}, your frequencies are half of what they should be: a whole turn, "
                    "2 pi, is the sample rate"
                )
            if np.allclose(found[:, 1], [b / 2 for _, b in formants], atol=1e-3):
                raise Wrong(
                    f"for {what}, your bandwidths are half of what they should be: B is "
                    "-ln(r) f_s / pi"
                )
            expect_close(found[:, 0], [f for f, _ in formants], f"{what}: the Hz", atol=1e-3)
            expect_close(
                found[:, 1], [b for _, b in formants], f"{what}: the bandwidths in Hz", atol=1e-3
            )


@exercise(
    "03.4",
    "The likelihood of the first sample",
    hints=[
        "Given x[t-1], x[t] is normal with mean phi x[t-1] and the innovation's variance.",
        "The first sample has no past. It is normal with mean 0, and with the variance that a "
        "stationary process has: v = phi^2 v + variance.",
        "So log p(x) = log N(x[0]; 0, variance / (1 - phi^2)) + the sum over t >= 1 of "
        "log N(x[t]; phi x[t-1], variance).",
    ],
)
def check_exact_likelihood(answer: Callable[[np.ndarray, float, float], float]) -> None:
    one = np.array([1.0])
    for phi, variance in ((0.0, 1.0), (0.5, 1.0), (-0.9, 0.3)):
        expected = scipy.stats.norm(scale=math.sqrt(variance / (1 - phi**2))).logpdf(1.0)
        got = float(expect_array(answer(one, phi, variance), (), "log p of one sample"))
        ignored = scipy.stats.norm(scale=math.sqrt(variance)).logpdf(1.0)
        if phi and abs(got - ignored) < 1e-9:
            raise Wrong(
                f"with phi = {phi:g}, the first sample is spread wider than the innovation is: "
                "it already carries the echoes of a past that we did not see"
            )
        if got == 0:
            raise Wrong("one sample has a density too; yours gives log p = 0 for it")
        expect_close(got, expected, f"log p of x = [1] for phi = {phi:g}, variance {variance:g}")
    x = np.array([0.3, -1.2, 0.5, 2.0, 1.1])
    for phi, variance in ((0.5, 1.0), (-0.9, 0.3), (0.99, 2.0)):
        expected = AR(np.array([phi]), variance).log_likelihood(x).nats
        got = answer(x.copy(), phi, variance)
        expect_close(
            got, expected, f"log p of {x.tolist()} for phi = {phi:g}, variance {variance:g}"
        )


@exercise(
    "03.5",
    "From reflections to a filter",
    hints=[
        "Start from k_1 alone: phi = [k_1]. Each further k makes phi one longer.",
        "The old coefficients change too: phi - k * phi[::-1], and then k is appended.",
        "|k| < 1 for every k is the whole test; no roots are needed.",
    ],
)
def check_step_up(answer: Callable[[np.ndarray], tuple[np.ndarray, bool]]) -> None:
    cases: list[tuple[Any, bool]] = [
        (np.array([0.5]), True),
        (np.array([0.5, -0.5]), True),
        (np.array([0.9, -0.8, 0.3, -0.5, 0.2, -0.6]), True),
        (np.array([0.9, -1.1, 0.3]), False),
        (np.array([0.1, 0.2, -1.5]), False),
        (np.array([-0.99, -0.99]), True),
        (np.array([0.5, 1.0]), False),
        (np.array([-1.0]), False),
        (np.full(16, -0.99), True),
    ]
    for k, stable in cases:
        phi, verdict = expect_pair(answer(k.copy()), "(phi, stable)")
        expect_close(phi, step_up(k), f"phi for k = {k.tolist()}")
        if bool(verdict) != stable and len(k) == 16:
            raise Wrong(
                "sixteen reflection coefficients of -0.99 make a stable filter, yours says "
                "unstable. The poles lie close together, and computed roots are far off there; "
                "|k| < 1 needs no root"
            )
        if bool(verdict) != stable and np.abs(k).max() == 1:
            raise Wrong(
                f"k = {k.tolist()} has a pole on the unit circle: it rings for ever, so the filter "
                "is not stable; every |k| must be below 1, not just up to 1"
            )
        if bool(verdict) != stable:
            raise Wrong(
                f"k = {k.tolist()} makes {'a stable' if stable else 'an unstable'} filter, yours "
                f"says {'stable' if verdict else 'unstable'}; look at every |k|"
            )
