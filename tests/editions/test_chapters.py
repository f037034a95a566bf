from collections.abc import Callable
from pathlib import Path

import pytest

from course_lib.editions import chapters as module
from course_lib.editions.chapters import (
    Chapter,
    build_folder,
    chapters,
    check_course_here,
    choose,
)

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[[dict[str, list[str]]], list[Chapter]]


def test_chapters_are_found_in_order_and_described(make_course: Make) -> None:
    course = make_course({"03_b": [], "00_a_tour": [], "10_c": []})
    assert [chapter.stem for chapter in course] == ["00_a_tour", "03_b", "10_c"]
    assert course[0].describe() == ("Scratch 00", 10)


@pytest.mark.parametrize("wanted", ["3", "03", "b", "03_b", "03_b.ipynb", "notebooks/03_b.ipynb"])
def test_a_chapter_is_chosen_by_any_of_its_names(make_course: Make, wanted: str) -> None:
    course = make_course({"00_a": [], "03_b": []})
    assert choose(course, wanted).number == "03"


@pytest.mark.parametrize("wanted", ["99", "-1", "", "c", "٣"])
def test_an_unknown_chapter_is_answered_with_those_that_exist(
    make_course: Make, wanted: str
) -> None:
    with pytest.raises(ValueError, match="there are 00_a, 01_b"):
        choose(make_course({"00_a": [], "01_b": []}), wanted)


def test_an_installed_copy_finds_its_notebooks_and_builds_in_the_current_folder(
    make_course: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_course({"00_a": []})
    assert build_folder() == ROOT / "build"
    monkeypatch.setattr(module, "checkout", lambda: None)
    monkeypatch.setattr(module, "installed_notebooks", lambda: tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    assert chapters() == course
    assert build_folder() == tmp_path / "build"
    check_course_here()
    monkeypatch.setattr(module, "installed_notebooks", lambda: None)
    with pytest.raises(FileNotFoundError, match="pip install audio-generation-course, or clone"):
        chapters()


def test_an_installed_copy_does_not_run_in_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "course_lib" / "editions").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setattr(module, "checkout", lambda: None)
    with pytest.raises(ValueError, match="belongs to an installed copy of the course, and the"):
        check_course_here()


def test_no_notebooks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no notebooks in"):
        chapters(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b'{"cells": 3}', b"[]", b"\xff\xfe"])
def test_a_file_that_is_no_notebook_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "00_broken.ipynb").write_bytes(content)
    with pytest.raises(ValueError, match="is not a notebook"):
        chapters(tmp_path)[0].describe()
