import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output

from course_lib.runner.chapters import Chapter
from course_lib.runner.execute import Result
from course_lib.runner.pages import write_index, write_page

Make = Callable[[dict[str, list[str]]], list[Chapter]]


@pytest.fixture
def course(make_course: Make) -> list[Chapter]:
    return make_course({"00_a": ["1"], "01_b": ["2"], "02_c": []})


def page_of(chapter: Chapter, course: list[Chapter], folder: Path) -> str:
    notebook = nbformat.read(chapter.path, as_version=4)
    data = {"text/html": '<audio controls src="data:audio/mpeg;base64,AAAA"></audio>'}
    notebook.cells[1:2] and notebook.cells[1].outputs.append(new_output("display_data", data))
    return write_page(Result(chapter, notebook, 1.0, 0, None), course, folder).read_text("utf-8")


def test_a_page_needs_no_network(course: list[Chapter], tmp_path: Path) -> None:
    page = page_of(course[0], course, tmp_path / "html")
    fetched = re.findall(r"<(?:script|link|img|audio|iframe)[^>]+(?:src|href)=[\"']([^\"']+)", page)
    assert fetched
    for address in fetched:
        assert not re.match(r"(https?:)?//", address)
        if not address.startswith("data:"):
            assert (tmp_path / "html" / address.partition("?")[0]).is_file()
    assert not [
        script for script in re.findall(r"<script.*?</script>", page, re.S) if "//" in script
    ]
    assert not re.search(r"@import|url\([\"']?(https?:)?//", page)
    assert "data:audio/mpeg;base64,AAAA" in page


def test_formulas_reach_the_page_and_the_fonts_lie_beside_it(
    course: list[Chapter], tmp_path: Path
) -> None:
    page = page_of(course[0], course, tmp_path)
    assert r"$$e^{i\pi} = -1$$" in page
    assert '"\\\\(", "\\\\)"' in page  # the configuration of MathJax keeps its backslashes
    configuration = re.search(r"mathjax/MathJax\.js\?config=([\w-]+)", page)
    assert configuration is not None
    assert (tmp_path / "mathjax" / "config" / f"{configuration[1]}.js").is_file()
    assert (tmp_path / "mathjax" / "jax" / "output" / "HTML-CSS" / "fonts" / "STIX-Web").is_dir()
    assert list((tmp_path / "mathjax" / "fonts" / "HTML-CSS" / "STIX-Web" / "woff").glob("*.woff"))


def test_pages_link_to_their_neighbours(course: list[Chapter], tmp_path: Path) -> None:
    first, middle = (page_of(course[k], course, tmp_path) for k in (0, 1))
    assert 'href="index.html"' in first
    assert "01_b.html" in first
    assert "00_a.html" in middle
    assert "02_c.html" in middle
    assert "<title>Scratch 01</title>" in middle


def test_the_index_lists_every_chapter_and_links_those_with_a_page(
    course: list[Chapter], tmp_path: Path
) -> None:
    page_of(course[1], course, tmp_path)
    index = write_index(course, tmp_path).read_text(encoding="utf-8")
    assert re.findall(r'href="([^"]+)"', index) == ["01_b.html"]
    assert [int(minutes) for minutes in re.findall(r"(\d+) minutes", index)] == [10, 11, 12]
    assert index.index("Scratch 00") < index.index("Scratch 01") < index.index("Scratch 02")
