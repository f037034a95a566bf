"""Checks of notebook 10, Adversarial networks: a forger and a judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "10.1",
    "Unequal shares",
    hints=[
        "Look again at the section on the best judge: the slope of the score by d is zero there.",
        "The slope is share p / d - (1 - share) q / (1 - d). Multiply by d (1 - d).",
        "share p (1 - d) = (1 - share) q d; solve it for d.",
    ],
)
def check_judge(answer: Callable[..., np.ndarray]) -> None:
    rng = np.random.default_rng(1)
    p, q = rng.uniform(0.1, 2, (2, 6))
    even = expect_array(answer(p.copy(), q.copy(), 0.5), (6,), "the answers at even shares")
    expect_close(even, p / (p + q), "the answers at even shares, where share = 1/2")
    for share in (0.2, 0.9):
        what = f"the answers with a share of {share} of real sounds"
        got = expect_array(answer(p.copy(), q.copy(), share), (6,), what)
        if np.allclose(got, p / (p + q)):
            raise Wrong("yours does not depend on the share: a judge that is shown mostly real "
                        "sounds should say real more often")  # fmt: skip
        if np.allclose(got, (1 - share) * q / (share * p + (1 - share) * q)):
            raise Wrong("that is the probability that the sound is made; d is that it is real")
        if np.allclose(got, (1 - share) * p / ((1 - share) * p + share * q)):
            raise Wrong("the share belongs to the real sounds, and 1 - share to the made ones")
        if np.allclose(got, share * p / (p + q)):
            raise Wrong("the shares must stand in the denominator, too: where q = 0, a judge is "
                        "sure, and d = 1")  # fmt: skip
        expect_close(got, share * p / (share * p + (1 - share) * q), what)


@exercise(
    "10.2",
    "The hinge game",
    hints=[
        "Look again at the four games: the judge asks for a >= 1 of real sounds, and no more.",
        "A real sound with logit a costs max(0, 1 - a), a made one max(0, 1 + a); take means.",
        "np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + made)), and -np.mean(made).",
    ],
)
def check_hinge(answer: Callable[..., Any]) -> None:
    rng = np.random.default_rng(2)
    for real, made in (
        (np.array([2.0, 0.5]), np.array([-3.0, 0.0, 1.0])),
        (2 * rng.standard_normal(5), 2 * rng.standard_normal(4)),
    ):
        got = answer(real.copy(), made.copy())
        if not isinstance(got, tuple | list | np.ndarray) or len(got) != 2:
            raise Wrong("need two numbers, the judge's loss and the forger's: return judge, forger")
        judge = np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + made).mean()
        mine = expect_array(got[0], (), "the judge's loss")
        if np.isclose(mine, (1 - real).mean() + (1 + made).mean()):
            raise Wrong("a real sound with a logit beyond 1 costs nothing: without max(0, ...) "
                        "that is the Wasserstein game and 2")  # fmt: skip
        if np.isclose(mine, np.maximum(0, 1 + real).mean() + np.maximum(0, 1 - made).mean()):
            raise Wrong("yours asks real sounds for a <= -1, and made ones for a >= 1: turn both")
        if np.isclose(mine, np.maximum(0, 1 - real).sum() + np.maximum(0, 1 + made).sum()):
            raise Wrong("take means, not sums: the loss must not depend on the number of sounds")
        expect_close(mine, judge, f"the judge's loss for {real} and {made}")
        forger = expect_array(got[1], (), "the forger's loss")
        if np.isclose(forger, made.mean()):
            raise Wrong("the forger wants large logits, and a loss is made smaller: turn its sign")
        expect_close(forger, -made.mean(), f"the forger's loss for made sounds {made}")


@exercise(
    "10.3",
    "One round of the duel, with R1",
    hints=[
        "Look again at the two players that circle; both climb here, so both add their slopes.",
        "The judge's slope by psi is -theta - gamma psi; the forger's by theta is psi.",
        "Both move at once: the new theta is made of the old psi, and the other way round.",
    ],
)
def check_round(answer: Callable[..., Any]) -> None:
    for theta, psi, h, gamma in ((1.0, 0.0, 0.1, 0.0), (0.7, -0.4, 0.2, 0.0), (0.7, 0.5, 0.2, 0.3)):
        got = answer(theta, psi, h, gamma)
        if not isinstance(got, tuple | list | np.ndarray) or len(got) != 2:
            raise Wrong("need two numbers: return theta, psi")
        pair = expect_array(np.array([float(v) for v in got]), (2,), "theta and psi")
        new = theta + h * psi, psi + h * (-theta - gamma * psi)
        what = f"theta and psi after theta = {theta}, psi = {psi}, h = {h}, gamma = {gamma}"
        if gamma and np.allclose(pair, (new[0], psi - h * theta)):
            raise Wrong("the penalty is missing: its slope by psi is -gamma psi")
        turns = (new[0], psi + h * (-new[0] - gamma * psi)), (theta + h * new[1], new[1])
        if any(np.allclose(pair, turn) and not np.allclose(pair, new) for turn in turns):
            raise Wrong("yours lets one player move first: both move at once, from the old values")
        if np.allclose(pair, (theta - h * psi, psi + h * (theta - gamma * psi))):
            raise Wrong("you turned both signs: the judge lowers its line where made sounds are")
        if gamma and np.allclose(pair, (new[0], psi + h * (-theta + gamma * psi))):
            raise Wrong("the penalty makes the line flatter: it is taken off, not added")
        expect_close(pair, np.array(new), what)


@exercise(
    "10.4",
    "Who has collapsed?",
    hints=[
        "Play the scale first, then each melody. How many different notes do you hear in each?",
        "One melody stays on two neighbouring notes. Another never meets a note of the scale.",
        "Compare the melodies with the scale: the one that lies between its notes is 'none'.",
    ],
)
def check_verdict(answer: Mapping[str, str]) -> None:
    if not isinstance(answer, Mapping) or set(answer) != {"all", "few", "none"}:
        raise Wrong('need a dictionary such as {"all": "A", "few": "B", "none": "C"}')
    given = {key: str(value).strip().upper() for key, value in answer.items()}
    if sorted(given.values()) != ["A", "B", "C"]:
        raise Wrong("need each of A, B and C once")
    if given["few"] != "A":
        raise Wrong("one of them plays two notes only, twenty times; listen to A, B and C again")
    if given["none"] != "C":
        raise Wrong("two of them play many notes, but one plays between the notes of the scale: "
                    "play the scale just before each")  # fmt: skip
