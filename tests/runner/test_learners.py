from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from course_lib.runner.chapters import Chapter
from course_lib.runner.learners import clear_solutions, write_copies

Make = Callable[[dict[str, list[str]]], list[Chapter]]

FUNCTION = '''def twice(x):
    """Return 2 x."""
    ### BEGIN SOLUTION
    y = 2 * x
    ### END SOLUTION
    return y'''
VALUE = "days = None\n### BEGIN SOLUTION\ndays = 7\n### END SOLUTION"


@pytest.fixture
def chapter(make_course: Make) -> Chapter:
    (chapter,) = make_course({"00_a": ["print(1)", FUNCTION, VALUE]})
    return chapter


def test_solutions_and_outputs_are_cleared(chapter: Chapter) -> None:
    notebook = nbformat.read(chapter.path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    notebook.cells[1].execution_count = 1
    cleared = clear_solutions(notebook)
    assert cleared.cells[1].outputs == []
    assert cleared.cells[1].execution_count is None
    assert cleared.cells[2].source == (
        'def twice(x):\n    """Return 2 x."""\n'
        '    raise NotImplementedError("write your solution here and delete this line")\n'
        "    return y"
    )
    assert cleared.cells[3].source == (
        "days = None\n...  # write your solution here and delete this line"
    )
    assert cleared.cells[0] == notebook.cells[0]
    assert notebook.cells[2].source == FUNCTION  # the argument is not changed


def test_a_solution_without_an_end_is_an_error(chapter: Chapter) -> None:
    notebook = nbformat.read(chapter.path, as_version=4)
    notebook.cells[3].source = "### BEGIN SOLUTION\nx = 1"
    with pytest.raises(ValueError, match="no end solution"):
        clear_solutions(notebook)


def test_copies_are_written_once_and_never_overwritten(chapter: Chapter, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "workspace"
    first = write_copies([chapter], folder)
    assert first.written == (folder / "00_a.ipynb",)
    assert first.kept == ()
    assert "2 * x" not in first.written[0].read_text(encoding="utf-8")
    first.written[0].write_text("mine", encoding="utf-8")
    second = write_copies([chapter], folder)
    assert second.written == ()
    assert second.kept == first.written
    assert first.written[0].read_text(encoding="utf-8") == "mine"


def test_the_courses_own_notebooks_are_out_of_reach(chapter: Chapter) -> None:
    before = chapter.path.read_bytes()
    chapter.path.with_name("01_b.ipynb").write_bytes(before)
    with pytest.raises(ValueError, match="the course's own notebooks"):
        write_copies([chapter], chapter.path.parent)
    assert chapter.path.read_bytes() == before


def test_a_file_is_no_folder(chapter: Chapter, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    with pytest.raises(NotADirectoryError, match="is a file"):
        write_copies([chapter], tmp_path / "taken")
