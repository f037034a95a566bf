"""Checks of notebook 15, Diffusion: from noise to sound, where the answer is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.stats

from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "15.1",
    "The best guess",
    hints=[
        "x[:, None] against the components gives a table (count, components): fill one for r_k.",
        "r_k is w_k times a Gaussian in x with mean mu_k and variance s_k^2 + sigma^2, divided by "
        "the sum over k. Mind the Gaussian's own factor 1 / sqrt(variance).",
        "Each component guesses mu_k + s_k^2 / (s_k^2 + sigma^2) (x - mu_k); average with r_k.",
    ],
)
def check_guess(answer: Callable[..., np.ndarray]) -> None:
    one = np.array([0.7]), np.array([2.0]), np.array([0.5])
    got = expect_array(
        answer(np.array([3.0]), 0.5, np.array([1.0]), *one[1:]), (1,), "one component's guess"
    )[0]
    if np.isclose(got, 2.0):
        raise Wrong("one component with mu = 2 and s = sigma = 0.5 must move half the way towards "
                    "x = 3; yours stays at mu: each component's own gain is missing")  # fmt: skip
    expect_close(got, 2.5, "the guess for x = 3 with one component, mu = 2, s = sigma = 0.5")
    rng = np.random.default_rng(1)
    for sigma in (0.1, 0.9, 4.0):
        x, weights = 2 * rng.standard_normal(5), rng.uniform(0.5, 2, 3)
        weights = weights / weights.sum()
        means, scales = 2 * rng.standard_normal(3), rng.uniform(0.1, 1.5, 3)
        variance = scales**2 + sigma**2
        each = means + scales**2 / variance * (x[:, None] - means)

        def average(share: np.ndarray, each: np.ndarray = each) -> np.ndarray:
            return (share * each).sum(axis=1) / share.sum(axis=1)

        likely = scipy.stats.norm.pdf(x[:, None], means, np.sqrt(variance))
        what = f"the guesses at sigma = {sigma:g}"
        got = expect_array(
            answer(x.copy(), sigma, weights.copy(), means.copy(), scales.copy()), (5,), what
        )
        if np.allclose(got, average(weights + 0 * likely)):
            raise Wrong("you average with the weights w_k alone: x itself says which component "
                        "it came from, so multiply by each component's density at x")  # fmt: skip
        if np.allclose(got, average(weights * likely * np.sqrt(variance))):
            raise Wrong("the Gaussian's factor 1 / sqrt(s_k^2 + sigma^2) is missing in r_k: it "
                        "differs from component to component")  # fmt: skip
        expect_close(got, average(weights * likely), what)


@exercise(
    "15.2",
    "The score of a Gaussian",
    hints=[
        "Noise of deviation sigma, added to N(mu, C), makes N(mu, C + sigma^2 I).",
        "log N(x; mu, S) = -(x - mu)^T S^-1 (x - mu) / 2 + ...; take its gradient.",
        "-np.linalg.solve(covariance + sigma**2 * np.eye(len(x)), x - mean).",
    ],
)
def check_score(answer: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(2)
    for dims, sigma in ((1, 1.0), (3, 0.5), (5, 2.0)):
        root, mean = rng.standard_normal((dims, dims)), rng.standard_normal(dims)
        covariance, x = root @ root.T, 2 * rng.standard_normal(dims)
        expected = -np.linalg.solve(covariance + sigma**2 * np.eye(dims), x - mean)
        what = f"the score in {dims} dimensions at sigma = {sigma:g}"
        got = expect_array(answer(x.copy(), sigma, mean.copy(), covariance.copy()), (dims,), what)
        if np.allclose(got, -expected):
            raise Wrong("yours points away from the data: the gradient of -|x - mu|^2 / 2 is "
                        "-(x - mu)")  # fmt: skip
        if np.allclose(got, -np.linalg.solve(covariance, x - mean)):
            raise Wrong("that is the score of the clean data: noise widens the covariance to "
                        "C + sigma^2 I")  # fmt: skip
        if sigma != 1 and np.allclose(
            got, -np.linalg.solve(covariance + sigma * np.eye(dims), x - mean)
        ):
            raise Wrong("sigma is the noise's deviation; its variance is sigma^2")
        expect_close(got, expected, what)


@exercise(
    "15.3",
    "One step of DDIM",
    hints=[
        "x = sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) n: put the guess for x0, and solve for n.",
        "The next x has the same x0 and the same n, in the next step's proportions.",
        "n = (x - np.sqrt(now) * guess) / np.sqrt(1 - now), then "
        "np.sqrt(next) * guess + np.sqrt(1 - next) * n.",
    ],
)
def check_ddim_step(answer: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(3)
    for now, then in ((0.1, 0.4), (0.5, 0.9), (0.8, 1.0)):
        x0, n = rng.standard_normal((2, 4))
        x = np.sqrt(now) * x0 + np.sqrt(1 - now) * n
        expected = np.sqrt(then) * x0 + np.sqrt(1 - then) * n
        what = f"the step from alpha_bar = {now:g} to {then:g}"
        got = expect_array(answer(x.copy(), x0.copy(), now, then), (4,), what)
        if then < 1 and np.allclose(got, then * x0 + (1 - then) * n):
            raise Wrong("alpha_bar is the share of the power: amplitudes go with its square root")
        if then < 1 and np.allclose(got, np.sqrt(then) * x0):
            raise Wrong("yours has no noise left at the next step; it still has to have some, "
                        "sqrt(1 - alpha_bar') of the noise that is in x")  # fmt: skip
        if then < 1 and np.allclose(got, np.sqrt(then) * x0 + np.sqrt(1 - then) * x):
            raise Wrong("you mix the guess with x itself, which still contains the datum; mix it "
                        "with the noise alone")  # fmt: skip
        if then < 1 and np.allclose(got, x0 + np.sqrt((1 / then - 1) / (1 / now - 1)) * (x - x0)):
            raise Wrong("yours is the step for x = x0 + sigma n; here the datum is multiplied, "
                        "too, by sqrt(alpha_bar)")  # fmt: skip
        expect_close(got, expected, what)


@exercise(
    "15.4",
    "The velocity of a straight path",
    hints=[
        "Divided by 1 - t, x is x0 + sigma n. Which sigma?",
        "sigma = t / (1 - t); this gives you the guess D at x0.",
        "n = (x - (1 - t) x0) / t, so n - x0 = (x - x0) / t: put D for x0.",
    ],
)
def check_velocity(answer: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(4)
    for t in (0.2, 0.5, 0.9):
        variance, x = rng.uniform(0.5, 3), rng.standard_normal(4)

        def denoise(y: np.ndarray, sigma: float, variance: float = variance) -> np.ndarray:
            return variance / (variance + sigma**2) * y

        def velocity(guess: np.ndarray, x: np.ndarray = x, t: float = t) -> np.ndarray:
            return (x - guess) / t

        expected = velocity(denoise(x / (1 - t), t / (1 - t)))
        what = f"the velocity at t = {t:g}"
        got = expect_array(answer(denoise, x.copy(), t), (4,), what)
        if np.allclose(got, velocity(denoise(x, t))):
            raise Wrong("the denoiser knows y = x0 + sigma n; your x is (1 - t) x0 + t n, so "
                        "divide it by 1 - t, and t as well")  # fmt: skip
        if t != 0.5 and np.allclose(got, velocity(denoise(x / (1 - t), t))):
            raise Wrong("x is divided by 1 - t, so its noise is, too: sigma = t / (1 - t)")
        if np.allclose(got, -expected):
            raise Wrong("yours goes from noise to data; asked for is n - x0, from data to noise")
        expect_close(got, expected, what)


@exercise(
    "15.5",
    "Guidance",
    hints=[
        "First the guided noise, n_u + w (n_c - n_u).",
        "Then x = a x0 + s n, solved for x0.",
        "(x - s * (n_u + w * (n_c - n_u))) / a.",
    ],
)
def check_guided_guess(answer: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(5)
    for w, a in ((1.0, 0.6), (3.0, 0.8), (0.0, 0.6)):
        s = np.sqrt(1 - a**2)
        x, told, untold = rng.standard_normal((3, 4))

        def guess(n: np.ndarray, x: np.ndarray = x, a: float = a, s: float = s) -> np.ndarray:
            return (x - s * n) / a

        expected = guess(untold + w * (told - untold))
        what = f"the guided guess for w = {w:g}"
        got = expect_array(answer(x.copy(), told.copy(), untold.copy(), w, a, s), (4,), what)
        if np.allclose(got, guess(told + w * (told - untold))):
            raise Wrong("with w = 1 the answer must be that of the network that was told: begin "
                        "at n_u, not at n_c")  # fmt: skip
        if np.allclose(got, untold + w * (told - untold)):
            raise Wrong("this is the guided noise; asked for is the guess at x0")
        if np.allclose(got, x - s * (untold + w * (told - untold))):
            raise Wrong("x - s n is a x0: divide by a")
        expect_close(got, expected, what)
