from collections.abc import Callable
from pathlib import Path

import pytest

from course_lib.editions.chapters import Chapter, chapters, choose

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


def test_no_notebooks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no notebooks in"):
        chapters(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b'{"cells": 3}', b"[]", b"\xff\xfe"])
def test_a_file_that_is_no_notebook_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "00_broken.ipynb").write_bytes(content)
    with pytest.raises(ValueError, match="is not a notebook"):
        chapters(tmp_path)[0].describe()
