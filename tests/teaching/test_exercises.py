"""`check` never shows a traceback for a learner's mistake; it says what is wrong, in one line."""

import concurrent.futures
import contextlib
import signal
import time
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from course_lib.teaching import check, hint
from course_lib.teaching.exercises import (
    Wrong,
    exercise,
    exercises,
    expect_array,
    expect_close,
    judge,
    registry,
)


@pytest.fixture(autouse=True)
def _scratch_exercises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_EXERCISES", dict(exercises()))
    monkeypatch.setattr(registry, "_HINTS_GIVEN", {})

    @exercise("98.1", "Doubling", hints=["add it to itself", "or multiply"])
    def doubling(answer: Callable[[float], float]) -> None:
        expect_close(answer(3.0), 6.0, "the double of 3")

    @exercise("98.2", "A value", hints=["count"])
    def value(answer: int) -> None:
        if answer + 0 != 7:
            raise Wrong("there are\n  seven days in a week")


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[str, Any], str]:
    def run(identifier: str, answer: Any) -> str:
        assert check(identifier, answer) is None
        captured = capsys.readouterr()
        assert captured.err == ""
        assert captured.out.count("\n") == 1
        return captured.out.rstrip("\n")

    return run


def raises(error: BaseException) -> Callable[[float], float]:
    def my_answer(x: float) -> float:
        raise error

    return my_answer


def test_a_right_answer(printed: Callable[[str, Any], str]) -> None:
    assert printed("98.1", lambda x: 2 * x) == "✓ 98.1 Doubling"
    assert printed("98.1", lambda x: np.float32(2 * x)) == "✓ 98.1 Doubling"
    assert printed("98.2", 7) == "✓ 98.2 A value"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: x, "the double of 3 should be 6, got 3"),
        (lambda x: None, "got None; does your function return its result?"),
        (lambda x: "six", "should be a number, got str 'six'"),
        (lambda x: [6.0, 6.0], "should be a number, got shape (2,)"),
        (lambda x: float("nan"), "should be finite"),
        (lambda x: 6j, "should be a number, got complex 6j"),
        (lambda x: [[1], [2, 3]], "should be a number, got list"),
    ],
)
def test_a_wrong_answer_is_told_why(
    printed: Callable[[str, Any], str], answer: object, said: str
) -> None:
    line = printed("98.1", answer)
    assert line.startswith("✗ 98.1 Doubling: ")
    assert said in line
    assert line.endswith('(for a hint: hint("98.1"))')
    assert judge("98.1", answer).kind == "wrong"


def test_an_exception_in_the_answer_is_told_with_its_line(
    printed: Callable[[str, Any], str],
) -> None:
    line = printed("98.1", raises(ZeroDivisionError("division\nby zero")))
    assert (
        "your my_answer raised ZeroDivisionError: division by zero (at `raise error`, for x = 3.0)"
        in line
    )
    assert judge("98.1", raises(KeyError("x"))).kind == "failed"


def test_the_wrong_kind_of_answer_is_told(printed: Callable[[str, Any], str]) -> None:
    assert "pass your function itself, without calling it; got float 6.0" in printed("98.1", 6.0)
    assert "could not be used: TypeError" in printed("98.2", "seven")
    assert "there are seven days in a week" in printed("98.2", 8)
    assert "missing 1 required positional argument" in printed("98.1", lambda x, y: x)


@pytest.mark.parametrize("answer", [None, ..., raises(NotImplementedError())])
def test_an_empty_answer_is_not_done_yet(
    printed: Callable[[str, Any], str], answer: object
) -> None:
    line = printed("98.1", answer)
    assert line.startswith("○ 98.1 Doubling: not done yet; write your solution in the cell above")


def test_a_solution_below_the_line_that_stops_is_told_to_delete_it(
    printed: Callable[[str, Any], str],
) -> None:
    def my_answer(x: float) -> float:
        raise NotImplementedError("write your solution here and delete this line")
        return 2 * x

    line = printed("98.1", my_answer)
    assert line.startswith("○ 98.1 Doubling: not done yet")
    assert "delete its line `raise NotImplementedError(...)`: nothing below that line runs" in line


def test_an_endless_loop_ends() -> None:
    def forever(x: float) -> float:
        while True:
            with contextlib.suppress(Exception):
                for _ in range(100_000):
                    x += 1

    started = time.monotonic()
    verdict = judge("98.1", forever, seconds=0.3)
    assert verdict.kind == "failed"
    assert "did not end within 0.3 s" in verdict.message
    assert time.monotonic() - started < 5
    assert judge("98.1", lambda x: 2 * x, seconds=0.3).kind == "right"


def test_an_endless_loop_ends_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no alarm: in threads, and on Windows."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(test_an_endless_loop_ends).exception() is None
    monkeypatch.delattr(signal, "setitimer", raising=False)
    test_an_endless_loop_ends()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarm")
def test_a_sleep_is_ended_and_the_alarm_is_put_back() -> None:
    before, started = signal.getsignal(signal.SIGALRM), time.monotonic()
    verdict = judge("98.1", lambda x: time.sleep(60), seconds=0.3)
    assert "did not end within 0.3 s" in verdict.message
    assert time.monotonic() - started < 30
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_answer_that_ends_just_in_time_leaves_nothing_behind() -> None:
    def slow(x: float) -> float:
        end = time.monotonic() + 0.02
        while time.monotonic() < end:
            pass
        return 2 * x

    for _ in range(30):  # the timer fires before, at, or after the end
        assert judge("98.1", slow, seconds=0.02).kind in ("right", "failed")
    time.sleep(0.05)


def test_warnings_of_an_answer_do_not_distract(printed: Callable[[str, Any], str]) -> None:
    def dividing(x: float) -> float:
        np.array([1.0]) / np.array([0.0])
        warnings.warn("mind the gap", stacklevel=1)
        return 2 * x

    assert printed("98.1", dividing) == "✓ 98.1 Doubling"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("3-1",), "there is no exercise '3-1'; did you mean \"03.1\"?"),
        ((3.1,), 'there is no exercise 3.1; did you mean "03.1"?'),
        (("exercise 03-1",), 'did you mean "03.1"?'),
        (("98.3",), 'there is no exercise \'98.3\'; notebook 98 has "98.1" to "98.2"'),
        ((98,), 'there is no exercise 98; notebook 98 has "98.1" to "98.2"'),
        (("97.1",), "there is no exercise '97.1'; it is named by notebook and number"),
        (("Levinson",), "need an exercise, got str 'Levinson': it is named by notebook and number"),
        (([1],), "need an exercise, got list [1]: it is named by"),
        (
            (),
            'say which exercise: it is named by notebook and number in quotation marks, such as "',
        ),
    ],
)
def test_an_unknown_exercise_is_guessed(
    asked: tuple[Any, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hint(*asked)
    of_hint = capsys.readouterr().out
    check(*asked)
    assert capsys.readouterr().out == of_hint
    assert of_hint.startswith("✗ ")
    assert of_hint.count("\n") == 1
    assert said in of_hint
    with pytest.raises(KeyError):
        judge(asked[0] if asked else None, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [None, 7, np.arange(3), lambda x: 2 * x, "98.9"])
def test_arguments_in_the_wrong_order_are_told(
    answer: Any, printed: Callable[[str, Any], str]
) -> None:
    line = printed(answer, "98.1")
    assert line == '✗ the name of the exercise comes first: check("98.1", my_answer)'


def test_an_answer_may_look_like_the_name_of_an_exercise(
    printed: Callable[[str, Any], str],
) -> None:
    assert printed("98.2", "98.1").startswith("✗ 98.2 A value: your answer could not be used")


def test_a_check_without_an_answer_asks_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    check("98.1")
    assert capsys.readouterr().out == (
        '✗ 98.1 Doubling: pass your answer, too: check("98.1", my_answer)\n'
    )


def test_hints_come_one_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        hint("98.1")
    hint("98.2")
    assert capsys.readouterr().out.splitlines() == [
        "hint 1 of 2: add it to itself",
        "hint 2 of 2: or multiply",
        "hint 2 of 2: or multiply",
        "hint 1 of 1: count",
    ]


def test_exercises_are_registered_with_care() -> None:
    with pytest.raises(ValueError, match="at least one hint"):
        exercise("98.4", "No hints", hints=[])(lambda answer: None)

    def elsewhere(answer: object) -> None: ...

    elsewhere.__module__ = "somewhere.else_"
    with pytest.raises(ValueError, match="registered twice"):
        exercise("98.1", "Again", hints=["x"])(elsewhere)
    elsewhere.__module__ = "course_lib.teaching.exercises.chapter_01"
    with pytest.raises(ValueError, match="belongs in chapter_02"):
        exercise("02.9", "Misplaced", hints=["x"])(elsewhere)


def test_a_pair_may_be_a_list() -> None:
    def step_up(k: np.ndarray) -> list[object]:
        phi = np.zeros(0)
        for value in k:
            phi = np.append(phi - value * phi[::-1], value)
        return [phi, max(abs(k)) < 1]

    assert judge("03.5", step_up).kind == "right"
    assert judge("03.5", lambda k: [*step_up(k), 0]).kind == "wrong"


def test_expectations_name_the_place() -> None:
    expect_close(np.array([[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]], "the matrix")
    with pytest.raises(Wrong, match="the matrix at index 1, 0 should be 3, got 5"):
        expect_close([[1, 2], [5, 4]], [[1, 2], [3, 4]], "the matrix")
    with pytest.raises(Wrong, match=r"should be an array of shape \(2,\), got shape \(3,\)"):
        expect_array([1, 2, 3], (2,), "the pair")
    expect_close(1.05, 1.0, "a rough value", atol=0.1)
    expect_close(np.float32(2.7), 2.7, "a number in float32")
    with pytest.raises(Wrong):
        expect_close(0.33333, 1 / 3, "a third")
    assert expect_array([True, False], (2,), "flags").dtype == np.float64


def test_a_short_name_finds_the_exercise(
    printed: Callable[[str, Any], str], capsys: pytest.CaptureFixture[str]
) -> None:
    hint("5.1")
    first = capsys.readouterr().out
    assert first == f"hint 1 of 3: {exercises()['05.1'].hints[0]}\n"
    hint("05.1")
    assert capsys.readouterr().out.startswith("hint 2 of 3")
    line = printed("5.1", lambda changes, last: changes)
    assert line.startswith("✗ 05.1 Undo the differences")
    assert 'hint("05.1")' in line


def test_an_answer_must_not_change_what_it_is_given() -> None:
    def my_bits(probabilities: np.ndarray) -> float:
        np.log2(probabilities, out=probabilities)
        return float(-probabilities.mean())

    verdict = judge("02.1", my_bits)
    assert verdict.kind == "wrong"
    assert "changes its argument probabilities" in verdict.message

    def my_clip(gradients: list[np.ndarray], limit: float) -> list[np.ndarray]:
        length = np.sqrt(sum((g**2).sum() for g in gradients))
        for g in gradients:
            g *= min(1.0, limit / length) if length else 1.0
        return gradients

    assert "changes its argument gradients" in judge("08.3", my_clip).message


def test_an_exception_names_the_inputs() -> None:
    def my_undo(changes: np.ndarray, last: np.ndarray) -> np.ndarray:
        return np.cumsum(changes) + last[-1]

    message = judge("05.1", my_undo).message
    assert "for changes = [1.0, -2.0, 0.5], last = []" in message

    def my_rate(step: int, steps: int, peak: float, warmup: int) -> float:
        rise = (step + 1) / warmup
        fall = (1 + np.cos(np.pi * (step - warmup) / (steps - warmup))) / 2
        return peak * (rise if step < warmup else fall)

    assert "warmup = 0" in judge("12.1", my_rate).message


def test_numbers_that_print_alike_get_more_digits() -> None:
    with pytest.raises(Wrong, match=r"should be 1, got 1\.000004"):
        expect_close(1.0000044, 1.000001, "nearly one")


def bits(probabilities: np.ndarray) -> torch.Tensor:
    return -torch.log2(torch.tensor(probabilities, requires_grad=True)).mean()


def transitions(codes: np.ndarray, levels: int) -> np.ndarray:
    counts = np.ones((levels, levels), np.float32)
    np.add.at(counts, (codes[:-1], codes[1:]), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def interval(number: Callable[[Any], Any]) -> Callable[..., tuple[Any, Any]]:
    def answer(codes: list[int], probabilities: Callable[..., np.ndarray]) -> tuple[Any, Any]:
        low, width = number(0), number(1)
        for t, code in enumerate(codes):
            p = [number(float(value)) for value in probabilities(codes[:t])]
            low, width = low + width * sum(p[:code], number(0)), width * p[code]
        return low, width

    return answer


def bridge(before: float, after: float, length: int, variance: float) -> np.ndarray:
    k = np.arange(1, length + 1)
    share = k / (length + 1)
    return np.stack([before + share * (after - before), np.sqrt(variance * k * (1 - share))])


def forget_bias(half_life: float) -> np.float32:
    share = np.float32(0.5) ** np.float32(1 / half_life)
    return np.log(share / (np.float32(1) - share))


def draw(logits: np.ndarray, temperature: float, uniform: float) -> torch.Tensor:
    if temperature == 0:
        return torch.tensor(logits).argmax()
    heaps = torch.softmax(torch.tensor(logits) / temperature, 0).cumsum(0)
    return (heaps > uniform).int().argmax()


def rate(step: int, steps: int, peak: float, warmup: int) -> np.float32:
    if step < warmup:
        return np.float32(peak) * np.float32((step + 1) / warmup)
    progress = np.float32((step - warmup) / (steps - warmup))
    return np.float32(peak) * (1 + np.cos(np.float32(np.pi) * progress)) / np.float32(2)


def levels_of_mixture(
    weights: np.ndarray, means: np.ndarray, scales: np.ndarray, levels: int
) -> np.ndarray:
    between = (2 * np.arange(1, levels) - 1) / levels - 1
    edges = np.concatenate([[-np.inf], between, [np.inf]])
    curves = (0.5 * (1 + np.tanh((edges[:, None] - means) / scales / 2))).astype(np.float32)
    return np.diff(curves, axis=0) @ weights.astype(np.float32)


def guided(x: Any, told: Any, untold: Any, w: float, a: float, s: float) -> torch.Tensor:
    there, plain, known = (torch.tensor(v, requires_grad=True) for v in (x, untold, told))
    return (there - s * (plain + w * (known - plain))) / a


def filled(x: np.ndarray, phi: np.ndarray) -> np.ndarray:
    rows = np.array([np.roll(np.append(np.append(1.0, -phi)[::-1], np.zeros(len(x))), t)[: len(x)]
                     for t in range(len(x) - len(phi))])  # fmt: skip
    missing = np.isnan(x)
    x = x.copy()
    x[missing] = np.linalg.lstsq(rows[:, missing], -rows[:, ~missing] @ x[~missing])[0]
    return x.astype(np.float32)


def cached(x: np.ndarray, keys: Any, values: Any, wq: Any, wk: Any, wv: Any) -> list[np.ndarray]:
    keys, values = np.vstack([keys, x @ wk]), np.vstack([values, x @ wv])
    weights = np.exp(keys @ (x @ wq) / np.sqrt(len(x)))
    return [weights / weights.sum() @ values, keys, values]


def machine(state: np.ndarray, innovation: float, phi: Any, theta: Any) -> list[Any]:
    new = np.append(state[1:], 0.0)
    new[: len(phi)] += phi * state[0]
    new[: len(theta) + 1] += np.append(1.0, theta) * innovation
    return [new[0], new]


@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        ("04.4", machine),
        ("05.4", filled),
        ("14.5", cached),
        ("02.1", bits),
        ("02.2", transitions),
        ("02.4", interval(np.float32)),
        ("02.4", interval(Fraction)),
        ("05.3", bridge),
        ("08.2", forget_bias),
        ("08.4", draw),
        ("12.1", rate),
        ("12.3", levels_of_mixture),
        ("15.5", guided),
    ],
)
def test_any_kind_of_right_number_is_right(identifier: str, answer: Callable[..., Any]) -> None:
    verdict = judge(identifier, answer)
    assert verdict.kind == "right", verdict
