"""Checks of notebook 13, Encoder-decoder: a model that reads numbers aloud."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import softmax
from scipy.stats import laplace

from course_lib.evaluation import word_errors
from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "13.1",
    "Additive energies",
    hints=[
        "W s is one vector, the same for every token; V h_j is another for each row of h.",
        "h @ V.T has the rows V h_j; adding W @ s + b to it adds it to every row.",
        "np.tanh(h @ V.T + W @ s + b) @ v.",
    ],
)
def check_energies(answer: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(1)
    for tokens, units, width in ((4, 3, 5), (3, 3, 3), (1, 2, 6)):
        s, h = rng.standard_normal(2), rng.standard_normal((tokens, width))
        w, v_h = rng.standard_normal((units, 2)), rng.standard_normal((units, width))
        b, v = rng.standard_normal(units), rng.standard_normal(units)
        expected = np.array([v @ np.tanh(w @ s + v_h @ row + b) for row in h])
        what = f"the energies of {tokens} tokens"
        got = expect_array(answer(*(x.copy() for x in (s, h, w, v_h, b, v))), (tokens,), what)
        if tokens > 1 and np.allclose(got, softmax(expected)):
            raise Wrong("these are the weights; the exercise asks for the energies before softmax")
        if np.allclose(got, (w @ s + h @ v_h.T + b) @ v):
            raise Wrong(f"{what}: the tanh is missing")
        for name, value in (
            ("W s", np.tanh(h @ v_h.T + b) @ v), ("b", np.tanh(w @ s + h @ v_h.T) @ v),
        ):  # fmt: skip
            if np.allclose(got, value):
                raise Wrong(f"{what}: inside the tanh, {name} is missing")
        expect_close(got, expected, what)


@exercise(
    "13.2",
    "A softmax over the tokens that are there",
    hints=[
        "Padding must get a weight of exactly zero, and the others must still sum to one.",
        "Set the energies of padding to minus infinity before exp; exp(-inf) is 0.",
        "Subtract each row's largest remaining energy before exp, so that nothing overflows.",
    ],
)
def check_masked_softmax(answer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    rng = np.random.default_rng(2)
    for scale, shift in ((1.0, 0.0), (3.0, 900.0), (3.0, -900.0)):
        energies = scale * rng.standard_normal((4, 6)) + shift
        counts = np.array([6, 4, 1, 3])
        what = f"the weights of energies around {shift:g}"
        got = expect_array(answer(energies.copy(), counts.copy()), (4, 6), what)
        for row, energy, count in zip(got, energies, counts, strict=True):
            if np.abs(row[count:]).max(initial=0) > 0:
                raise Wrong(f"a text of {count} tokens gets weight on token {count}, its padding")
            if abs(row.sum() - 1) > 1e-6:
                raise Wrong(
                    f"the weights of a text with {count} of 6 tokens sum to {row.sum():.4g}: "
                    "leave padding out of the sum below the fraction, too"
                )
            expect_close(row[:count], softmax(energy[:count]), what)
    counts = np.array([4, 2, 3])
    energies = rng.standard_normal((3, 4)) + np.array([[0.0], [900.0], [-900.0]])
    energies[1, 2:] += 900
    for rows, advice in (
        ([0, 2], "each row needs a largest energy of its own"),
        ([1], "take the largest energy of the tokens that are there, without padding"),
    ):
        what = f"the weights of texts with {counts[rows].tolist()} tokens, energies around "
        what += " and ".join(f"{round(energies[row, 0], -2):g}" for row in rows)
        raw = np.asarray(answer(energies[rows], counts[rows]), dtype=np.float64)
        if not np.isfinite(raw).all() or np.abs(raw.sum(axis=-1) - 1).max() > 1e-5:
            raise Wrong(f"{what} do not sum to 1: {advice}")


@exercise(
    "13.3",
    "What guidance punishes",
    hints=[
        "Token j of N lies at j / N of the text, and step t of T at t / T of the sound.",
        "Rows are steps and columns tokens: np.arange(steps)[:, None] and np.arange(tokens)[None].",
        "1 - np.exp(-((n / tokens - t / steps) ** 2) / (2 * width**2)).",
    ],
)
def check_guide(answer: Callable[[int, int, float], np.ndarray]) -> None:
    for steps, tokens, width in ((4, 4, 0.2), (6, 3, 0.2), (3, 7, 0.4), (50, 20, 0.1)):
        what = f"W for {steps} steps, {tokens} tokens and g = {width:g}"
        got = expect_array(answer(steps, tokens, width), (steps, tokens), what)
        if got.min() < 0:
            raise Wrong(f"{what} goes down to {got.min():.3g}; a punishment is 0 or more")
        if got[0, 0] > 0.5:
            raise Wrong(f"{what} is {got[0, 0]:.3g} on the diagonal, where nothing is punished")
        expected = np.array(
            [
                [1 - np.exp(-((n / tokens - t / steps) ** 2) / (2 * width**2))
                 for n in range(tokens)]
                for t in range(steps)
            ]
        )  # fmt: skip
        expect_close(got, expected, what)


@exercise(
    "13.4",
    "What frames cost under Laplace's density",
    hints=[
        "ln Laplace(y; mu, b) = -|y - mu| / b - ln(2 b), for every band of every frame.",
        "Frames at or beyond a sentence's count are padding: they add nothing.",
        "np.arange(len(y))[:, None] < counts says which (frame, sentence) is there; multiply the "
        "densities, summed over bands, by it and sum over frames.",
    ],
)
def check_laplace(answer: Callable[..., np.ndarray]) -> None:
    one = answer(np.full((1, 1, 1), 2.0), np.zeros((1, 1, 1)), np.array([2.0]), np.array([1]))
    got = expect_array(one, (1,), "ln p of one frame of one band")[0]
    if np.isclose(got, -1.0):
        raise Wrong("with y = 2, mu = 0, b = 2 yours is -1: that lacks the constant -ln(2 b)")
    if np.isclose(got, -1.0 - np.log(2.0)):
        raise Wrong("the integral of exp(-|y| / b) is 2 b, not b")
    rng = np.random.default_rng(4)
    for frames, counts in ((5, [5, 5]), (6, [6, 3, 1]), (4, [1, 4])):
        shape = (frames, len(counts), 3)
        y, mu = rng.standard_normal(shape), rng.standard_normal(shape)
        b = rng.uniform(0.2, 3.0, 3)
        every = laplace.logpdf(y, mu, b)
        expected = np.array([every[:n, i].sum() for i, n in enumerate(counts)])
        what = f"ln p of sentences of {counts} frames"
        got = expect_array(
            answer(y.copy(), mu.copy(), b.copy(), np.array(counts)), (len(counts),), what
        )
        if np.allclose(got, every.sum(axis=(0, 2))) and min(counts) < frames:
            raise Wrong(f"{what}: yours counts the frames of padding, too")
        expect_close(got, expected, what)


class _Word(str):
    """A word that counts how often words are compared, and stops a search that never ends."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        _Word.compared += 1
        if _Word.compared > 5000:
            raise Wrong(
                "for two sentences of 12 words yours compares words more than 5000 times, where "
                "144 comparisons would do: it answers the same question again and again. Keep the "
                "answers for all pairs of beginnings in a table"
            )
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


@exercise(
    "13.5",
    "Words misheard",
    hints=[
        "Let D[i, j] be the fewest changes that turn the first i words of one sentence into the "
        "first j of the other: D[i, 0] = i and D[0, j] = j.",
        "The last words are the same or replaced, D[i-1, j-1] + (0 or 1), or one is left out or "
        "put in, D[i-1, j] + 1 and D[i, j-1] + 1: take the least.",
        "Two loops over i and j from 1 fill the table; the answer is its last corner.",
    ],
)
def check_word_errors(answer: Callable[[list[str], list[str]], int]) -> None:
    rng = np.random.default_rng(5)
    words = ("one", "two", "oh")
    cases = [
        ("four thousand and twelve", "four thousand and twelve"),
        ("four thousand and twelve", "four thousand twelve"),
        ("four thousand and twelve", "nine thousand and twelve"),
        ("five oh five", "five nine oh five"),
        ("one two three four", "two three four"),
        ("one two three", "three two one"),
        ("twelve", ""),
        ("", "twelve two"),
        *((" ".join(rng.choice(words, n)), " ".join(rng.choice(words, m)))
          for n, m in rng.integers(1, 7, (40, 2))),
    ]  # fmt: skip
    long = [_Word(f"word{i}") for i in range(12)], [_Word(f"other{i}") for i in range(12)]
    _Word.compared = 0
    expect_close(
        answer(list(long[0]), list(long[1])), 12, "the errors where all of 12 words are misheard"
    )
    for said, heard in cases:
        what = f'the errors of hearing "{heard}" for "{said}"'
        got = float(expect_array(answer(said.split(), heard.split()), (), what))
        expect_close(got, word_errors(said.split(), heard.split()), what, atol=1e-9)
