"""Checks of notebook 17, Showdown."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.audio import Clip
from course_lib.core import Likelihood
from course_lib.evaluation import bits_per_sample
from course_lib.features import MuLaw
from course_lib.models.states import Histogram
from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "17.1",
    "What a wrong belief costs",
    hints=[
        "A symbol that you believe to have probability q is written with -log2 q bits.",
        "Average over what really comes: sum of p times -log2 q; the best that anyone can do is "
        "the sum of p times -log2 p.",
        "The difference is the sum of p log2(p / q), over the symbols with p above 0.",
    ],
)
def check_extra_bits(answer: Callable[[np.ndarray, np.ndarray], float]) -> None:
    half, skewed = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    expected = 0.5 * np.log2(0.5 / 0.25) + 0.5 * np.log2(0.5 / 0.75)
    got = float(expect_array(answer(half.copy(), skewed.copy()), (), "the cost of believing 1/4"))
    backwards = 0.25 * np.log2(0.25 / 0.5) + 0.75 * np.log2(0.75 / 0.5)
    if np.isclose(got, backwards):
        raise Wrong("you averaged over what is believed; average over what really comes, p")
    if np.isclose(got, expected * np.log(2)):
        raise Wrong("your answer is in nats; bits need the logarithm to base 2")
    if np.isclose(got, expected + 1.0):
        raise Wrong("that is the whole length; take off what the best code needs anyway")
    expect_close(got, expected, "the extra bits for p = [0.5, 0.5], q = [0.25, 0.75]", atol=1e-9)
    sure = float(expect_array(answer(np.array([1.0, 0.0]), half.copy()), (), "a certain symbol"))
    if not np.isfinite(sure):
        raise Wrong(
            "a symbol of probability 0 never comes and costs nothing; yours gives no number"
        )
    expect_close(sure, 1.0, "the extra bits for p = [1, 0], q = [0.5, 0.5]", atol=1e-9)


@exercise(
    "17.2",
    "Shares of whole numbers",
    hints=[
        "Give every level 1 first; then share out what is left of the total.",
        "np.cumsum(p) * (total - levels), rounded down, and the level's number added.",
        "begins = np.concatenate([[0], np.cumsum(p)]); np.floor(begins * (total - len(p))) + "
        "np.arange(len(p) + 1); the last entry is total.",
    ],
)
def check_shares(answer: Callable[[np.ndarray, int], np.ndarray]) -> None:
    rng = np.random.default_rng(4)
    for levels, total in ((2, 16), (5, 100), (256, 2**16)):
        p = rng.dirichlet(np.full(levels, 0.05))
        what = f"where {levels} shares of {total} begin"
        got = expect_array(answer(p.copy(), total), (levels + 1,), what)
        if not np.array_equal(got, np.rint(got)):
            raise Wrong(f"{what}: the shares must be whole numbers, for fractions are rounded")
        if got[0] != 0 or got[-1] != total:
            raise Wrong(f"{what}: they should run from 0 to {total}, not {got[0]:g} to {got[-1]:g}")
        sizes = np.diff(got)
        if sizes.min() < 1:
            raise Wrong(f"{what}: one level got {sizes.min():g}; a level without a share cannot be "
                        "written at all, so each needs at least 1")  # fmt: skip
        if np.abs(sizes / total - p).max() > 2 * levels / total:
            raise Wrong(f"{what}: the shares are not in proportion to the probabilities")


@exercise(
    "17.3",
    "Who may be called better",
    hints=[
        "Both models met the same clips: look at the differences, clip by clip.",
        "Draw clips with replacement, many times, and take the mean difference of each draw.",
        "The middle 95 % of these means: np.quantile(means, [0.025, 0.975]). If 0 lies outside, "
        "the sign of the mean says who is better.",
    ],
)
def check_verdict(answer: Callable[[np.ndarray, np.ndarray], str]) -> None:
    rng = np.random.default_rng(5)
    hard = rng.uniform(2, 8, 30)
    cases = {
        "b needs 0.1 bits more on each of 30 clips, give or take 0.05": (0.1, 0.05, 30, "a"),
        "b needs 0.1 bits less on each of 30 clips, give or take 0.05": (-0.1, 0.05, 30, "b"),
        "30 differences around 0, with a deviation of 1": (0.0, 1.0, 30, "neither"),
    }
    for told, (shift, spread, count, expected) in cases.items():
        noise = rng.standard_normal(count)
        noise = (noise - noise.mean()) / noise.std()
        a = hard[:count]
        b = a + shift + spread * noise
        got = answer(a.copy(), b.copy())
        if got not in ("a", "b", "neither"):
            raise Wrong(f"return 'a', 'b' or 'neither', not {got!r}")
        if got == "neither" and expected != "neither":
            raise Wrong(f"{told}: that is more than chance. Did you compare two intervals, in "
                        "which hard clips hide the difference? Pair the clips")  # fmt: skip
        if got != expected and expected == "neither":
            raise Wrong(f"{told}: nobody is better, but you say {got!r}; ask for an interval "
                        "without zero")  # fmt: skip
        if got != expected:
            raise Wrong(
                f"{told}: fewer bits are better, so the answer is {expected!r}, not {got!r}"
            )


@exercise(
    "17.4",
    "Which is which",
    hints=[
        "Listen for order on three scales: hiss or voice, syllables, words.",
        "A chain of order 2 knows 0.25 ms; a WaveNet knows 0.13 s; a talker knows the sentence.",
        "The Markov chain crackles; the WaveNet babbles; the recording has words.",
    ],
)
def check_ears(answer: dict[str, str]) -> None:
    expected = {"A": "WaveNet", "B": "Markov chain", "C": "recording"}
    if not isinstance(answer, dict) or set(answer) != set(expected):
        raise Wrong('say who made each: {"A": ..., "B": ..., "C": ...}')
    if unknown := set(answer.values()) - set(expected.values()):
        raise Wrong(
            f"the makers are {', '.join(expected.values())}, not {sorted(map(str, unknown))}"
        )
    right = sum(answer[letter] == maker for letter, maker in expected.items())
    if right < len(expected):
        raise Wrong(f"{right} of 3 are right; listen for words, then for syllables")


@exercise(
    "17.5",
    "Your own row in the table",
    hints=[
        "The smallest honest model is a table: P(level | level before), counted, plus a little.",
        "`fit` is a classmethod that counts pairs of codes; `level_log_likelihood` adds up "
        "logarithms and returns Likelihood(nats); `sample` draws level after level.",
        "counts = np.full((256, 256), 0.02); for each clip np.add.at(counts, (codes[:-1], "
        "codes[1:]), 1); then divide the rows by their sums.",
    ],
)
def check_own_model(answer: Any) -> None:
    """Fit the learner's class to a few noises, and hold it to what a model of levels promises."""
    grid = MuLaw()
    rng = np.random.default_rng(6)

    def clip(samples: int) -> Clip:
        walk = 0.02 * np.cumsum(rng.standard_normal(samples))
        return Clip((0.5 * np.sin(walk)).astype(np.float32), 8000)

    training, held_out = [clip(6000) for _ in range(8)], [clip(3000) for _ in range(4)]
    model = answer.fit(training, grid)
    likelihood = model.level_log_likelihood(grid.encode(held_out[0]), grid)
    if not isinstance(likelihood, Likelihood):
        raise Wrong(f"level_log_likelihood should return Likelihood(nats), not {likelihood!r}")
    _check_sums_to_one(model, grid)
    bits = bits_per_sample(model, held_out, grid).bits
    order0 = bits_per_sample(Histogram.fit(training, grid), held_out, grid).bits
    if not bits < order0 - 0.5:
        raise Wrong(
            f"your model needs {bits:.2f} bits per sample where a histogram needs {order0:.2f}; "
            "use the samples before, and win half a bit at least"
        )
    drawn = expect_array(
        model.sample(500, rng=np.random.default_rng(1)), (1, 500), "sample(500, rng=rng)"
    )
    again = np.asarray(model.sample(500, rng=np.random.default_rng(1)))
    if not np.array_equal(drawn, again):
        raise Wrong("the same rng should give the same sound; draw from the caller's rng alone")
    if np.abs(drawn).max() > 1 or len(np.unique(drawn)) < 3:
        raise Wrong("sample should return amplitudes within [-1, 1] that change; decode the levels")


def _check_sums_to_one(model: Any, grid: MuLaw) -> None:
    """Of a short past, the probabilities of all next levels add up to one."""
    for past in ([], [128], [100, 140]):
        whole = [model.level_log_likelihood(np.array([*past, k]), grid).nats for k in range(256)]
        total = float(np.exp(whole).sum())
        before = 1.0
        if past:
            before = float(np.exp(model.level_log_likelihood(np.array(past), grid).nats))
        if not np.isclose(total, before, rtol=1e-6):
            raise Wrong(
                f"after the levels {past} the probabilities of all next levels add up to "
                f"{total / before:.4g}, not to 1: it is no distribution, and its bits mean nothing"
            )
    pairs = itertools.product((0, 255), repeat=2)
    if not all(np.isfinite(model.level_log_likelihood(np.array(p), grid).nats) for p in pairs):
        raise Wrong("a pair of levels that never came in training has probability 0; give every "
                    "level a little")  # fmt: skip
