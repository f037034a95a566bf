"""The exercises of the chapters: `chapter_NN.py` holds the checks of notebook NN."""

from course_lib.teaching.exercises.registry import (
    Exercise,
    Verdict,
    Wrong,
    check,
    exercise,
    exercises,
    expect_array,
    expect_close,
    expect_pair,
    hint,
    judge,
)

__all__ = [
    "Exercise",
    "Verdict",
    "Wrong",
    "check",
    "exercise",
    "exercises",
    "expect_array",
    "expect_close",
    "expect_pair",
    "hint",
    "judge",
]
