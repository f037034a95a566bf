"""What is written when all goes well, when a notebook fails, and when a file cannot be written."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from course_lib.editions import course as course_module
from course_lib.editions.chapters import Chapter
from course_lib.editions.course import pages_folder, run_course
from course_lib.editions.execute import NotebookFailed, Outcome, Result
from course_lib.editions.notebooks import read

Make = Callable[[dict[str, list[str]]], list[Chapter]]


@pytest.fixture
def _no_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a cell that says so for one that fails, and any other for one that printed nothing."""

    def execute_all(
        chapters: list[Chapter], *, on_done: Callable[[Outcome], None], **settings: object
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for chapter in chapters:
            notebook = read(chapter)
            bad = "fail" in notebook.cells[-1].source
            outcomes.append(
                NotebookFailed(chapter, "cell 2: no")
                if bad
                else Result(chapter, notebook, 1.5, 3, 50 * 2**20)
            )
            on_done(outcomes[-1])
        return outcomes

    monkeypatch.setattr(course_module, "execute_all", execute_all)


@pytest.mark.usefixtures("_no_kernels")
def test_pages_of_those_that_pass_and_an_index_are_there(
    make_course: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = make_course({"00_good": ["1"], "01_bad": ["fail"], "02_good": ["3"]})
    (failure,) = run_course(course, course, pages=tmp_path / "html")
    assert str(failure) == "01_bad.ipynb, cell 2: no"
    pages = sorted(path.name for path in (tmp_path / "html").glob("*.html"))
    assert pages == ["00_good.html", "02_good.html", "index.html"]
    index = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    assert 'href="02_good.html"' in index
    assert 'href="01_bad.html"' not in index
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "00_good: 1.5 s, claims held: 3, 50 MB",
        f"ready to be heard, while others run: {tmp_path / 'html' / '00_good.html'}",
        "01_bad: failed",
        "02_good: 1.5 s, claims held: 3, 50 MB",
    ]
    assert lines[4].startswith("open ")


def test_the_index_is_there_even_when_the_run_is_stopped(
    make_course: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(chapters: object, *, on_done: Callable[[Outcome], None], **s: object) -> None:
        on_done(Result(course[0], read(course[0]), 1.0, 0, None))
        raise KeyboardInterrupt

    monkeypatch.setattr(course_module, "execute_all", interrupted)
    course = make_course({"00_a": ["1"], "01_b": ["2"]})
    with pytest.raises(KeyboardInterrupt):
        run_course(course, course, pages=tmp_path)
    assert 'href="00_a.html"' in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_in_place_those_that_pass_are_stored_and_one_that_fails_stays_as_it_was(
    make_course: Make,
) -> None:
    course = make_course({"00_good": ["print(1)"], "01_bad": ["print(2)", "1 / 0"]})
    before = [chapter.path.read_bytes() for chapter in course]
    (failure,) = run_course(course, course, pages=None)
    assert failure.chapter == course[1]
    assert read(course[0]).cells[1].outputs[0].text == "1\n"
    assert course[1].path.read_bytes() == before[1]


@pytest.mark.parametrize("obstacle", ["build", "build/html/index.html/"])
def test_pages_that_cannot_be_written_are_told_before_anything_runs(
    make_course: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    course = make_course({"00_a": ["1"]})
    if obstacle.endswith("/"):
        (tmp_path / obstacle).mkdir(parents=True)
    else:
        (tmp_path / obstacle).write_text("a file", encoding="utf-8")
    monkeypatch.setattr(course_module, "execute_all", pytest.fail)
    with pytest.raises(OSError, match=r"^cannot write .*index\.html: .*$"):
        run_course(course, course, pages=tmp_path / "build" / "html")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root and Windows may write anywhere"
)
def test_a_read_only_folder_for_pages_is_told_before_anything_runs(
    make_course: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_course({"00_a": ["1"]})
    (tmp_path / "build").mkdir(mode=0o555)
    monkeypatch.setattr(course_module, "execute_all", pytest.fail)
    with pytest.raises(PermissionError, match=r"^cannot write .*index\.html: Permission denied$"):
        run_course(course, course, pages=tmp_path / "build" / "html")


FULL_DISK = """
import resource, sys
from pathlib import Path
from course_lib.editions import course, pages
from course_lib.editions.chapters import chapters
from course_lib.editions.course import run_course

pages.bring_mathjax = lambda folder: None
found = chapters(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    run_course(found, found, pages=Path(sys.argv[2]) if len(sys.argv) > 2 else None)
except OSError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize("in_place", [True, False])
def test_a_full_disk_is_told_in_one_line_and_leaves_what_was_there(
    make_course: Make, tmp_path: Path, in_place: bool
) -> None:
    (chapter,) = make_course({"00_a": ["print('x' * 50_000)"]})
    before = chapter.path.read_bytes()
    where = [] if in_place else [str(tmp_path / "html")]
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(chapter.path.parent), *where],
        capture_output=True,
        text=True,
        check=True,
    )
    target = chapter.path if in_place else tmp_path / "html" / "00_a.html"
    last = done.stdout.splitlines()[-1]
    assert last == f"cannot write {target}: File too large"
    assert chapter.path.read_bytes() == before
    assert not (tmp_path / "html" / "00_a.html").exists()
    assert list(chapter.path.parent.glob(".*")) == []


def read_only(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make a folder look read-only, to root as well, and on every system."""

    def access(path: Path, mode: int) -> bool:
        return not Path(path).is_relative_to(folder)

    monkeypatch.setattr(os, "access", access)


def test_pages_of_a_read_only_course_go_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course, mine = tmp_path / "course", tmp_path / "mine"
    course.mkdir()
    mine.mkdir()
    monkeypatch.chdir(mine)
    monkeypatch.setattr(course_module, "build_folder", lambda: course / "build")
    assert pages_folder() == course / "build" / "html"
    read_only(monkeypatch, course)
    assert pages_folder() == mine / "build" / "html"


def test_outputs_are_not_stored_in_an_installed_copy(
    make_course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_course({"00_a": ["1"]})
    monkeypatch.setattr(course_module, "checkout", lambda: None)
    monkeypatch.setattr(course_module, "execute_all", pytest.fail)
    with pytest.raises(PermissionError, match="of an installed copy; run it without --in-place"):
        run_course(course, course, pages=None)


def test_outputs_are_not_stored_in_a_read_only_course(
    make_course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_course({"00_a": ["1"]})
    read_only(monkeypatch, course[0].path.parent)
    monkeypatch.setattr(course_module, "execute_all", pytest.fail)
    with pytest.raises(PermissionError, match="without --in-place"):
        run_course(course, course, pages=None)
