"""Checks of notebook 06, Mixtures and hidden Markov models."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "06.1",
    "How long is a stay?",
    hints=[
        "A stay of more than d frames means: the chain stayed d times in a row.",
        "The mean is the sum over d = 0, 1, 2, ... of P(stay > d).",
        "P(stay > d) = a^d, and 1 + a + a^2 + ... = 1 / (1 - a).",
    ],
)
def check_stay(answer: Callable[[float, int], tuple[float, float]]) -> None:
    for a, d in ((0.6, 1), (0.8, 3), (0.9, 10), (0.25, 2), (0.0, 1)):
        result = answer(a, d)
        if not isinstance(result, tuple | list | np.ndarray) or len(result) != 2:
            raise Wrong(
                "your function should return two numbers, (P(stay > d), mean stay), got "
                f"{type(result).__name__}"
            )
        what = f"for a = {a:g} and d = {d}, P(stay > d)"
        tail = float(expect_array(result[0], (), what))
        if a and np.isclose(tail, a ** (d - 1) * (1 - a)):
            raise Wrong(
                f"{what} came out as {tail:.4g}, which is the probability of exactly d frames; "
                "add up those of all longer stays"
            )
        if a and np.isclose(tail, a ** (d - 1)):
            raise Wrong(f"{what} came out as P(stay >= d) = {tail:.4g}; a stay is one frame long "
                        "before anything is decided")  # fmt: skip
        expect_close(tail, a**d, what)
        expect_close(result[1], 1 / (1 - a), f"for a = {a:g}, the mean stay in frames")


@exercise(
    "06.2",
    "Whose is it?",
    hints=[
        "Each row of exp(log_joint), divided by its sum, would be the answer, if exp did not give "
        "0 for all of them.",
        "A number that is taken from all logarithms of a row cancels in the division.",
        "Take the row's largest: r = np.exp(l - l.max(axis=1, keepdims=True)), then divide by "
        "r.sum(axis=1, keepdims=True).",
    ],
)
def check_shares(answer: Callable[[np.ndarray], np.ndarray]) -> None:
    usual = np.log([[0.1, 0.3], [0.2, 0.2], [0.05, 0.0001]])
    cases = [
        (usual, "for ordinary densities"),
        (usual[:, [0, 1, 1]] - 3.0, "with three components"),
        (usual - np.array([[5000.0], [800.0], [1.0]]), "for densities as low as e^-5000"),
        (usual + 900.0, "for densities as high as e^900"),
        (np.array([[-4000.0, -9000.0]]), "where one component is e^5000 times likelier"),
    ]
    for logs, what in cases:
        expected = np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, None])
        with np.errstate(all="ignore"):
            result = answer(logs.copy())
        got = np.asarray(expect_array(result, logs.shape, f"the responsibilities {what}"), float)
        if not np.isfinite(got).all():
            raise Wrong(
                f"{what}, some responsibilities are not numbers: every exponential of the row "
                "became 0 or infinite; take its largest logarithm out first"
            )
        if not np.allclose(got.sum(axis=1), 1):
            raise Wrong(
                f"{what}, the responsibilities of one frame sum to {got.sum(axis=1)[0]:.4g}; each "
                "row, which is one frame, should sum to 1"
            )
        expect_close(got, expected, f"the responsibilities {what}")


@exercise(
    "06.3",
    "The likeliest path",
    hints=[
        "Keep, for each state, the score of the best path that ends there: "
        "log_start + log_densities[0] to begin with.",
        "through[i, j] = score[i] + log_transitions[i, j]; its largest over i, plus "
        "log_densities[t, j], is the new score of j. Remember which i it was.",
        "At the end take the best state, and go back: the state before s at time t is what you "
        "remembered for s at time t.",
    ],
)
def check_viterbi(answer: Callable[[Any, Any, Any], np.ndarray]) -> None:
    rng = np.random.default_rng(6)
    for states, time in ((2, 1), (2, 3), (3, 6), (3, 7), (2, 9)):
        for _ in range(4):
            with np.errstate(divide="ignore"):
                start = np.log(rng.dirichlet(np.ones(states)))
                moves = np.log(np.eye(states) * 0.6 + 0.4 * np.roll(np.eye(states), 1, axis=1))
            logs = 2 * rng.standard_normal((time, states))
            best = max(
                itertools.product(range(states), repeat=time),
                key=lambda path: _score(path, start, moves, logs),
            )
            what = f"the path through {states} states at {time} times"
            got = expect_array(answer(start.copy(), moves.copy(), logs.copy()), (time,), what)
            got = np.round(np.asarray(got, float)).astype(int)
            if got.min() < 0 or got.max() >= states:
                raise Wrong(f"{what} holds {got.max()}, but states count from 0 to {states - 1}")
            if np.isneginf(_score(tuple(got), start, moves, logs)):
                raise Wrong(
                    f"{what} makes a move that has probability 0: the best state at each time, "
                    "one by one, is not the best path"
                )
            if tuple(got) != best:
                mine = _score(tuple(got), start, moves, logs)
                raise Wrong(
                    f"{what} has the score {mine:.4g}, but {list(best)} has "
                    f"{_score(best, start, moves, logs):.4g}"
                )


@exercise(
    "06.4",
    "Which one has no memory?",
    hints=[
        "What moves from frame to frame as far as it moves over the whole word has no memory.",
        "np.diff(frames, axis=0) are the steps; compare their size with the frames' spread.",
        "The largest ratio of (steps**2).sum() to ((frames - mean)**2).sum() is the one; it is "
        "near 2 for independent frames.",
    ],
)
def check_memory(answer: Callable[[list[np.ndarray]], str]) -> None:
    rng = np.random.default_rng(64)
    for trial in range(12):
        size = np.array([0.2, 1.0, 5.0, 1.0])[rng.permutation(4)]
        words = [scale * _walk(rng) for scale in size]
        place = int(rng.integers(4))
        words[place] = rng.permutation(words[place])
        got = answer([word.copy() for word in words])
        if not isinstance(got, str) or got not in ("A", "B", "C", "D"):
            raise Wrong(f"your function should return one of the letters A, B, C, D, got {got!r}")
        if got != "ABCD"[place]:
            raise Wrong(
                f"of four sequences, {'ABCD'[place]} was shuffled, yours says {got} (trial "
                f"{trial + 1} of 12): a loud or long sequence also takes large steps; compare "
                "them with its own spread"
            )


def _walk(rng: np.random.Generator) -> np.ndarray:
    """Return a word of stations: frames that stay near one of six places, then go on."""
    places = rng.standard_normal((6, 15))
    path = np.repeat(np.arange(6), rng.integers(4, 16, 6))
    return places[path] + 0.3 * rng.standard_normal((len(path), 15)) + 3 * rng.standard_normal(15)


def _score(path: tuple[int, ...], start: np.ndarray, moves: np.ndarray, logs: np.ndarray) -> float:
    """Return the logarithm of the joint probability of a path and the data."""
    total = start[path[0]] + sum(logs[t, state] for t, state in enumerate(path))
    return float(total + sum(moves[i, j] for i, j in itertools.pairwise(path)))
