"""Checks of notebook 16, Diffusion in practice: drums out of noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import cdist

from course_lib.evaluation.sets import copy_share
from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "16.1",
    "Back from the compressed table",
    hints=[
        "Take the fourth power: y^4 (X^2 + s^2) = X^4, a quadratic equation in X^2.",
        "Of its two solutions one is negative: X^2 = (y^4 + sqrt(y^8 + 4 y^4 s^2)) / 2.",
        "Take the root and give it y's sign: y * np.sqrt((y**2 + np.sqrt(y**4 + 4 * s**2)) / 2).",
    ],
)
def check_expansion(answer: Callable[[np.ndarray, float], np.ndarray]) -> None:
    rng = np.random.default_rng(1)
    for s in (0.003, 0.1, 2.0):
        x = rng.standard_normal(12) * 10.0 ** rng.uniform(-4, 1, 12)
        y = x * (x**2 + s**2) ** -0.25
        what = f"the coefficients with s = {s:g}"
        got = expect_array(answer(y.copy(), s), (12,), what)
        if np.allclose(np.abs(got), np.abs(x)) and not np.allclose(got, x):
            raise Wrong("your sizes are right, but coefficients below zero lost their sign")
        if np.allclose(got, y * np.abs(y)):
            raise Wrong("y |y| undoes a plain square root; near zero the softness s matters, too")
        expect_close(got, x, what, atol=1e-8)


@exercise(
    "16.2",
    "Guidance",
    hints=[
        "Begin with the guess that knows no class, and go towards the one that does, and beyond.",
        "At a scale of 0 the class has no say; at a scale of 1 the answer is the conditional one.",
        "free + scale * (told - free).",
    ],
)
def check_guidance(answer: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(2)
    told, free = rng.standard_normal((2, 3, 4))
    for scale in (1.0, 0.0, 2.0, 7.5):
        what = f"the guided guess at a scale of {scale:g}"
        got = expect_array(answer(told.copy(), free.copy(), scale), (3, 4), what)
        if scale == 1 and np.allclose(got, 2 * told - free):
            raise Wrong(
                "at a scale of 1 yours already exaggerates: it counts the w of Ho and Salimans, "
                "and the scale here is 1 + w"
            )
        if scale == 0 and np.allclose(got, told):
            raise Wrong("at a scale of 0 the class should have no say, but yours returns `told`")
        expect_close(got, free + scale * (told - free), what)


@exercise(
    "16.3",
    "What a drawing costs",
    hints=[
        "ddim and euler look once in a step, heun and midpoint twice.",
        "Heun's last step leads to a noise level of zero, where no network can be asked: once.",
        "With any guidance but 1 each look is two: one with the class, and one without.",
    ],
)
def check_looks(answer: Callable[[str, int, float], int]) -> None:
    for guidance in (1.0, 2.0):
        for steps in (2, 25, 1):
            plain = {"ddim": steps, "euler": steps, "midpoint": 2 * steps, "heun": 2 * steps - 1}
            for sampler, looks in plain.items():
                what = f"the looks of {steps} steps of {sampler} at guidance {guidance:g}"
                got = float(expect_array(answer(sampler, steps, guidance), (), what))
                if guidance == 1 and got == 2 * looks:
                    raise Wrong(f"{what}: a guidance of 1 is none, and one answer is enough")
                if sampler == "heun" and got == looks + (1 if guidance == 1 else 2):
                    raise Wrong(f"{what}: count Heun's last step, from sigma_min to 0, again")
                expect_close(got, looks if guidance == 1 else 2 * looks, what)


@exercise(
    "16.4",
    "Which share are copies?",
    hints=[
        "np.linalg.norm(a[:, None] - b[None], axis=-1) holds all distances between two sets.",
        "Among the training sounds each is its own nearest at distance 0: leave the diagonal out.",
        "usual = np.median(nearest other); share = np.mean(nearest training sound < "
        "closeness * usual).",
    ],
)
def check_copies(answer: Callable[..., float]) -> None:
    rng = np.random.default_rng(4)
    training = np.concatenate([rng.standard_normal((11, 3)), 6 + 4 * rng.standard_normal((4, 3))])
    near = training[rng.integers(15, size=8)] + 0.15 * rng.standard_normal((8, 3))
    fake = np.concatenate([near, 1.5 * rng.standard_normal((9, 3)), near[:2]])
    within = cdist(training, training)
    np.fill_diagonal(within, np.inf)
    apart = within.min(axis=1)
    closest = cdist(fake, training).min(axis=1)
    for closeness in (0.3, 0.5, 0.9):
        what = f"the share of copies with a closeness of {closeness:g}"
        got = float(expect_array(answer(training.copy(), fake.copy(), closeness), (), what))
        expected = copy_share(training, fake, closeness=closeness)
        if got == expected:
            continue
        if got == 0:
            raise Wrong(f"{what} is 0: does each training sound count as its own neighbour?")
        if np.isclose(got, np.mean(closest < closeness * apart.mean())):
            raise Wrong(f"{what}: take the median of the usual distances, not their mean")
        if np.isclose(got, 1 - expected):
            raise Wrong(f"{what}: yours is the share of sounds that are no copies")
        expect_close(got, expected, what)


@exercise(
    "16.5",
    "A guess that already knows",
    hints=[
        "The gap lies in the sound, and the guess is a table: go to the sound first.",
        "np.where(missing, sound, known) keeps the guess only where nothing is known.",
        "forward(np.where(missing, inverse(guess), known)).",
    ],
)
def check_pinned(answer: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(5)
    basis, _ = np.linalg.qr(rng.standard_normal((8, 8)))
    known, guess = rng.standard_normal((2, 8))
    for missing in (np.arange(8) < 3, np.arange(8) == 6, np.zeros(8, bool)):
        holes = np.where(missing, 0.0, known)
        what = f"the table with {missing.sum()} of 8 samples missing"
        got = expect_array(
            answer(guess.copy(), holes, missing, lambda x: basis @ x, lambda z: basis.T @ z),
            (8,),
            what,
        )
        sound = basis.T @ got
        expected = np.where(missing, basis.T @ guess, known)
        if np.allclose(got, expected) and not np.allclose(sound, expected):
            raise Wrong(f"{what}: yours is a sound; the sampler works on tables")
        if np.allclose(sound[~missing], (basis.T @ guess)[~missing]):
            raise Wrong(f"{what}: what is known is not kept; is the mask the wrong way round?")
        if np.allclose(sound[missing], 0) and missing.any():
            raise Wrong(f"{what}: the gap is still silent; the guess should stand there")
        expect_close(sound, expected, f"the sound of {what}")


@exercise(
    "16.6",
    "The direction of a straight path",
    hints=[
        "The denoiser knows x0 + sigma n: divide z_t = (1 - t) x0 + t n by 1 - t.",
        "Then sigma = t / (1 - t), and the guess of x0 is denoise(z / (1 - t), t / (1 - t)).",
        "n - x0 = (z_t - x0) / t, with the guess in the place of x0.",
    ],
)
def check_velocity(answer: Callable[..., np.ndarray]) -> None:
    def denoise(x: np.ndarray, sigma: float) -> np.ndarray:
        return 0.3 + (x - 0.3) / (1 + sigma**2) + 0.1 * np.tanh(x)

    rng = np.random.default_rng(6)
    for t in (0.5, 0.1, 0.9):
        z = rng.standard_normal(5)
        what = f"the direction at t = {t:g}"
        got = expect_array(answer(denoise, z.copy(), t), (5,), what)
        guess = denoise(z / (1 - t), t / (1 - t))
        if np.allclose(got, (guess - z) / t):
            raise Wrong(f"{what} leads towards the sound; time runs from sound (0) to noise (1)")
        if np.allclose(got, (z - denoise(z, t)) / t):
            raise Wrong(f"{what}: you asked the denoiser about z and t; it expects x0 + sigma n")
        expect_close(got, (z - guess) / t, what)
