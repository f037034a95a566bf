"""Chapters as the site shows them: solutions folded, exercises with headings, names linked."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.editions.chapters import chapters
from course_lib.editions.notebooks import read
from course_lib.editions.site.notebooks import (
    in_words,
    site_notebook,
    used_in_library,
    with_exercise_headings,
)

SOLVED = '''def step(x):
    """Return one more."""
    ### BEGIN SOLUTION
    return x + 1
    ### END SOLUTION'''


def test_a_solution_is_folded_behind_what_a_learner_finds(make_course):
    (chapter,) = make_course({"03_scratch": [SOLVED, "step(1)"]})
    _, to_do, solution, after = site_notebook(chapter).cells
    assert to_do.source.endswith('delete this line")')
    assert "x + 1" not in to_do.source
    assert solution.source == 'def step(x):\n    """Return one more."""\n    return x + 1'
    assert solution.metadata.tags == ["hide-input"]
    assert after.source == "step(1)"
    assert "tags" not in after.metadata


def test_a_solution_that_does_not_end_is_refused(make_course):
    (chapter,) = make_course({"03_scratch": ["### BEGIN SOLUTION\nx = 1"]})
    with pytest.raises(ValueError, match="cannot clear the solutions"):
        site_notebook(chapter)


def test_what_goes_to_the_site_is_a_sound_notebook(make_course):
    (chapter,) = make_course({"03_scratch": [SOLVED, "from course_lib.audio import Clip"]})
    nbformat.validate(site_notebook(chapter))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**03.2 Levinson's step.** Given", "(exercise-03-2)=\n### 03.2 Levinson's step\n\nGiven"),
        ("**01.1** Write", "(exercise-01-1)=\n### 01.1 Count the aliases\n\nWrite"),
        ("As in **03.2 Levinson's step**", "As in **03.2 Levinson's step**"),
        ("**bold** and **3.2**", "**bold** and **3.2**"),
    ],
)
def test_exercises_get_headings_and_anchors(monkeypatch, text, expected):
    from course_lib.editions.site import notebooks
    from course_lib.teaching.exercises import Exercise

    known = {"01.1": Exercise("01.1", "Count the aliases", ("count",), lambda answer: None)}
    monkeypatch.setattr(notebooks, "exercises", lambda: known)
    assert with_exercise_headings(text) == expected


def test_names_are_those_of_the_place_of_definition():
    notebook = new_notebook(
        cells=[
            new_code_cell("from course_lib.models.linear import AR, linear_prediction as lp"),
            new_code_cell("from course_lib import audio\nimport numpy as np"),
            new_code_cell("lp.burg(AR.fit(audio.tone(1, 2, 3), 4)); np.sin(0); AR.fit.mro"),
        ]
    )
    assert used_in_library(notebook) == [
        "course_lib.audio.synthesis.tone",
        "course_lib.models.linear.ar.AR",
        "course_lib.models.linear.linear_prediction.burg",
    ]


def test_figures_are_told_in_words_by_their_labels():
    source = """
ax.plot(x, label="the vowel, $x_t$"); ax.plot(y, label="the vowel, $x_t$"); plt.plot(z, label=name)
ax.set(xlabel="time (s)"); plt.ylabel("level"); ax.set_title("Two"); sort(key="label")
"""
    assert in_words(source) == (
        "Figure drawn by the code above. Titles: Two. Horizontal: time (s). Vertical: level. "
        "Shown: the vowel, x_t."
    )
    assert in_words("plot(x)") == "Figure drawn by the code above."


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.stem)
def test_every_chapter_names_what_it_uses_and_no_marker_is_left(chapter):
    shown = site_notebook(chapter)
    assert not any("### BEGIN" in cell.source or "### END" in cell.source for cell in shown.cells)
    folded = [c for c in shown.cells if "hide-input" in c.metadata.get("tags", [])]
    asked = sum("### BEGIN SOLUTION" in cell.source for cell in read(chapter).cells)
    assert len(folded) == asked > 0
    headings = sum("(exercise-" in cell.source for cell in shown.cells)
    assert headings >= 3
    assert shown.cells[-1].source.count("{py:obj}") >= 5
