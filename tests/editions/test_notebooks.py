import json
from collections.abc import Callable

import nbformat
import pytest

from course_lib.editions.chapters import Chapter, chapters
from course_lib.editions.notebooks import read, store, text

Make = Callable[[dict[str, list[str]]], list[Chapter]]


@pytest.fixture
def chapter(make_course: Make) -> Chapter:
    (chapter,) = make_course({"00_a": ["print(1)\nprint(2)"]})
    return chapter


def test_it_reads_what_nbformat_reads(chapter: Chapter) -> None:
    for each in (chapter, chapters()[0]):
        assert read(each) == nbformat.read(each.path, as_version=4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not a notebook"),
        (b"{", "is not a notebook"),
        (b"\xff\xfe", "is not a notebook"),
        (b"[]", "in which format"),
        (b'{"cells": []}', "in which format"),
        (b'{"nbformat": "4"}', "in which format"),
        (b'{"nbformat": 3, "worksheets": []}', "need format 4, got format 3"),
        (b'{"nbformat": 5, "cells": []}', "need format 4, got format 5"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": [3]}', "no list of cells"),
        (b'{"nbformat": 4, "cells": [{}], "metadata": {}}', "not a sound notebook"),
        (b'{"nbformat": 4, "cells": []}', "not a sound notebook"),
    ],
)
def test_a_broken_file_is_told_in_one_line(chapter: Chapter, content: bytes, reason: str) -> None:
    chapter.path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"00_a\.ipynb is not .*{reason}|00_a.*{reason}") as error:
        read(chapter)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("minor", [0, 4, 5])
def test_cells_without_names_get_some(chapter: Chapter, minor: int) -> None:
    content = json.loads(chapter.path.read_text(encoding="utf-8"))
    content["nbformat_minor"] = minor
    for cell in content["cells"]:
        del cell["id"]
    chapter.path.write_text(json.dumps(content), encoding="utf-8")
    notebook = read(chapter)
    assert notebook.cells[1].source == "print(1)\nprint(2)"
    store(chapter, notebook)
    assert chapter.path.read_text(encoding="utf-8") == text(read(chapter))
