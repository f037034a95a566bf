"""`check` never shows a traceback for a learner's mistake; it says what is wrong, in one line."""

import contextlib
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

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
    assert "your my_answer raised ZeroDivisionError: division by zero (at `raise error`)" in line
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


def test_an_unknown_exercise_is_guessed(printed: Callable[[str, Any], str]) -> None:
    assert printed("98.3", 1).startswith("✗ there is no exercise '98.3'; did you mean '98.")
    assert printed("Levinson", 1).startswith("✗ there is no exercise 'Levinson'")
    with pytest.raises(KeyError, match="no exercise"):
        judge("98.3", 1)


def test_hints_come_one_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        hint("98.1")
    hint("98.2")
    hint("99.1")
    assert capsys.readouterr().out.splitlines()[:4] == [
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


def test_expectations_name_the_place() -> None:
    expect_close(np.array([[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]], "the matrix")
    with pytest.raises(Wrong, match="the matrix at index 1, 0 should be 3, got 5"):
        expect_close([[1, 2], [5, 4]], [[1, 2], [3, 4]], "the matrix")
    with pytest.raises(Wrong, match=r"should be an array of shape \(2,\), got shape \(3,\)"):
        expect_array([1, 2, 3], (2,), "the pair")
    expect_close(1.05, 1.0, "a rough value", atol=0.1)
    assert expect_array([True, False], (2,), "flags").dtype == np.float64
