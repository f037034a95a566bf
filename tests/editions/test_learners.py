import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from course_lib.editions import learners
from course_lib.editions.chapters import Chapter, chapters
from course_lib.editions.learners import KEPT, clear_solutions, learners_copy, write_copies
from course_lib.editions.notebooks import read

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


PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQMAAAAl21bKAAAAA1BMVEUAAACnej3aAAAACklEQVR4nGNgAAAAAgABSK+kcQAA"
    "AABJRU5ErkJggg=="
)
"""One pixel with a palette: stored as it is."""
HEARD = nbformat.v4.new_output(
    "execute_result", {"text/html": "<audio src=''></audio>", "text/plain": "♪"}, execution_count=7
)
SEEN = nbformat.v4.new_output("display_data", {"image/png": PNG, "text/plain": "<Figure>"})
PRINTED = nbformat.v4.new_output("stream", text="1\n")


def test_a_copy_keeps_the_first_sounds_and_pictures_and_no_more(make_course: Make) -> None:
    (chapter,) = make_course({"00_a": ["code"] * (KEPT + 2)})
    notebook = read(chapter)
    cells = notebook.cells[1:]
    outputs = [[PRINTED], [PRINTED, HEARD], *([[SEEN]] * KEPT)]
    for cell, given in zip(cells, outputs, strict=True):
        cell.outputs, cell.execution_count = given, 7
    copy = learners_copy(notebook).cells[1:]
    assert copy[0].outputs == []
    assert copy[1].outputs == [PRINTED, {**HEARD, "execution_count": None}]
    assert all(cell.outputs == [SEEN] for cell in copy[2:-1])
    assert copy[-1].outputs == []
    assert all(cell.execution_count is None for cell in copy)
    assert cells[1].outputs[1].execution_count == 7  # the argument is not changed


def test_a_copy_keeps_nothing_from_the_first_exercise_on(chapter: Chapter) -> None:
    notebook = read(chapter)
    for cell in notebook.cells[1:]:
        cell.outputs = [HEARD]
    first, exercise, after = learners_copy(notebook).cells[1:]
    assert first.outputs
    assert exercise.outputs == after.outputs == []


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.stem)
def test_a_learner_hears_each_chapter_before_running_it(chapter: Chapter, tmp_path: Path) -> None:
    (path,) = write_copies([chapter], tmp_path).written
    stored, copy = read(chapter), nbformat.read(path, as_version=4)
    nbformat.validate(copy)
    kept = [cell for cell in copy.cells if cell.get("outputs")]
    assert len(kept) == KEPT
    assert any("<audio" in o.data.get("text/html", "") for cell in kept for o in cell.outputs)
    stand = {cell.id: cell for cell in stored.cells}
    for cell in kept:
        assert cell.source == stand[cell.id].source
        numbered = [{**output, "execution_count": None} for output in stand[cell.id].outputs]
        assert [{**output, "execution_count": None} for output in cell.outputs] == numbered
    assert path.stat().st_size < 500_000


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


def test_a_broken_notebook_beside_others_is_told_before_anything_is_written(
    make_course: Make, tmp_path: Path
) -> None:
    course = make_course({"00_a": [], "01_b": []})
    course[1].path.write_text('{"nbformat": 3, "worksheets": []}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"01_b\.ipynb .* need format 4, got format 3"):
        write_copies(course, tmp_path / "workspace")
    assert not (tmp_path / "workspace").exists()


def test_two_commands_at_once_write_each_copy_once(
    make_course: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_course({f"{k:02d}_a": [FUNCTION] for k in range(8)})
    barrier = threading.Barrier(4, timeout=60)
    real = learners.clear_solutions

    def together(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
        barrier.wait()  # none has written anything before all have looked
        return real(notebook)

    monkeypatch.setattr(learners, "clear_solutions", together)
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(write_copies, course, tmp_path / "w") for _ in range(4)]
        copies = [run.result() for run in runs]
    written = [path for copy in copies for path in copy.written]
    assert sorted(written) == sorted((tmp_path / "w").glob("*.ipynb"))
    for copy in copies:
        assert sorted(copy.written + copy.kept) == sorted(written)


SMALL_FILES = """
import resource, sys
from pathlib import Path
from course_lib.editions.chapters import chapters
from course_lib.editions.learners import write_copies

found = chapters(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    write_copies(found, Path(sys.argv[2]))
except OSError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_full_disk_leaves_no_copy_that_would_be_kept(make_course: Make, tmp_path: Path) -> None:
    course = make_course({"00_small": ["1"], "01_large": ["# " + "x" * 50_000]})
    folder = tmp_path / "w"
    done = subprocess.run(
        [sys.executable, "-c", SMALL_FILES, str(course[0].path.parent), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"cannot write {folder / '01_large.ipynb'}: File too large\n"
    assert [path.name for path in folder.iterdir()] == ["00_small.ipynb"]
    assert [path.name for path in write_copies(course, folder).written] == ["01_large.ipynb"]


def test_a_readme_lies_beside_the_copies_and_stays_as_it_is(
    chapter: Chapter, tmp_path: Path
) -> None:
    write_copies([chapter], tmp_path / "workspace")
    readme = tmp_path / "workspace" / "README.md"
    assert "00_start_here.ipynb" in readme.read_text(encoding="utf-8")
    readme.write_text("my notes", encoding="utf-8")
    write_copies([chapter], tmp_path / "workspace")
    assert readme.read_text(encoding="utf-8") == "my notes"
