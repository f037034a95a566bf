"""The checks of notebook 09: variational autoencoders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "09.1",
    "Nats for one latent",
    hints=[
        "Look again at the divergence of two normal distributions, and set m = 0 and s = 1.",
        "ln s^2 is then 0. Write what is left with sigma^2 = exp(log_variance).",
        "(exp(log_variance) - log_variance + mean**2 - 1) / 2",
    ],
)
def check_divergence(answer: Callable[[float, float], float]) -> None:
    for mean, log_variance in ((0.0, 0.0), (2.0, 0.0), (0.0, 1.0), (-1.0, -2.0), (0.5, 0.7)):
        got = float(expect_array(answer(mean, log_variance), (), "the divergence"))
        exact = (np.exp(log_variance) - log_variance + mean**2 - 1) / 2
        said = f"the divergence for mean {mean} and log variance {log_variance}"
        if np.isclose(got, -exact) and exact > 0:
            raise Wrong("your divergence has the wrong sign: a divergence is 0 or more")
        if np.isclose(got, 2 * exact) and exact > 0:
            raise Wrong("your divergence is twice too large; where is the factor 1/2?")
        if np.isclose(got, (np.exp(2 * log_variance) - 2 * log_variance + mean**2 - 1) / 2) and (
            log_variance != 0
        ):
            raise Wrong("the second number is ln sigma^2, not ln sigma")
        expect_close(np.array(got), np.array(exact), said, atol=1e-8)


@exercise(
    "09.2",
    "The importance-weighted bound",
    hints=[
        "The mean is taken of the weights, not of their logarithms.",
        "Weights of exp(-5000) are zero to the computer: take the largest logarithm out first.",
        "top = log_weights.max(); return top + np.log(np.mean(np.exp(log_weights - top)))",
    ],
)
def check_weighted_bound(answer: Callable[[np.ndarray], float]) -> None:
    rng = np.random.default_rng(9)
    for scale, offset in ((1.0, 0.0), (2.0, 3.0), (1.0, -5000.0)):
        log_weights = offset + scale * rng.standard_normal(20)
        got = float(expect_array(answer(log_weights.copy()), (), "the bound"))
        exact = logsumexp(log_weights) - np.log(20)
        if not np.isfinite(got):
            raise Wrong("for logarithms near -5000 your bound is not finite; do weights underflow?")
        if np.isclose(got, log_weights.mean()):
            raise Wrong("that is the mean of the logarithms, the ELBO; take the mean of weights")
        if np.isclose(got, exact + np.log(20)):
            raise Wrong("that is the logarithm of the sum; of the mean it is ln 20 less")
        expect_close(np.array(got), np.array(exact), "the bound of 20 weights", atol=1e-6)


@exercise(
    "09.3",
    "A residual quantiser",
    hints=[
        "Begin with what is left over equal to the vector itself.",
        "In each codebook choose the row nearest to what is left over, then subtract that row.",
        "code = np.argmin(((left - book) ** 2).sum(1)); left = left - book[code]",
    ],
)
def check_residual(answer: Callable[[np.ndarray, list[np.ndarray]], list[int]]) -> None:
    rng = np.random.default_rng(93)
    for _ in range(20):
        books = [rng.standard_normal((6, 3)) / (1 + stage) for stage in range(3)]
        vector = rng.standard_normal(3)
        got = expect_array(answer(vector.copy(), [b.copy() for b in books]), (3,), "the codes")
        left, codes, alone = vector.copy(), [], []
        for book in books:
            alone.append(int(((vector - book) ** 2).sum(1).argmin()))
            codes.append(int(((left - book) ** 2).sum(1).argmin()))
            left -= book[codes[-1]]
        if np.array_equal(got, alone) and alone != codes:
            raise Wrong("every codebook rounded the vector itself; the second gets what is left")
        expect_close(got, np.array(codes), "the codes", atol=0)


@exercise(
    "09.4",
    "Which one has collapsed?",
    hints=[
        "Look again at the failure to listen to: what is the divergence of a latent nobody uses?",
        "The divergence of a used latent is well above 0.1 nats.",
        "np.flatnonzero(divergences < 0.1)",
    ],
)
def check_collapsed(answer: Callable[[np.ndarray], np.ndarray]) -> None:
    for divergences in ([3.0, 0.001, 2.0, 0.02], [0.5, 1.0], [0.0, 0.05, 0.0]):
        wanted = [i for i, nats in enumerate(divergences) if nats < 0.1]
        got = np.asarray(answer(np.array(divergences)))
        if got.shape == (len(divergences),) and got.dtype == bool:
            got = np.flatnonzero(got)
        if list(got) == [i for i in range(len(divergences)) if i not in wanted] and wanted:
            raise Wrong("those are the latents in use; the collapsed ones have almost no nats")
        got = expect_array(got, (len(wanted),), "the numbers of the collapsed latents")
        expect_close(got, np.array(wanted), "the numbers of the collapsed latents", atol=0)
