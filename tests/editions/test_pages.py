import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat.v4 import new_markdown_cell, new_output

from course_lib.core import write_text
from course_lib.editions import pages
from course_lib.editions.chapters import Chapter, chapters
from course_lib.editions.execute import Result
from course_lib.editions.notebooks import read
from course_lib.editions.pages import bring_mathjax, write_index, write_page

Make = Callable[[dict[str, list[str]]], list[Chapter]]


@pytest.fixture
def course(make_course: Make) -> list[Chapter]:
    return make_course({"00_a": ["1"], "01_b": ["2"], "02_c": []})


def page_of(chapter: Chapter, course: list[Chapter], folder: Path) -> str:
    notebook = read(chapter)
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
    assert links(index) == ["01_b.html"]
    assert [int(minutes) for minutes in re.findall(r"(\d+) minutes", index)] == [10, 11, 12]
    assert index.index("Scratch 00") < index.index("Scratch 01") < index.index("Scratch 02")


def links(page: str) -> list[str]:
    return re.findall(r'<a [^>]*?href="([^"]*)"', page)


def page_with(text: str, course: list[Chapter], folder: Path) -> list[str]:
    """Return the links of the first chapter's page with some text in place of its first cell."""
    notebook = read(course[0])
    notebook.cells[0] = new_markdown_cell(text)
    page = write_page(Result(course[0], notebook, 1.0, 0, None), course, folder)
    navigation = page.read_text(encoding="utf-8").index("</nav>")
    return links(page.read_text(encoding="utf-8")[navigation:])


@pytest.fixture
def _no_mathjax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "bring_mathjax", lambda folder: None)


@pytest.mark.usefixtures("_no_mathjax")
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("01_b.ipynb", "01_b.html"),
        ("./01_b.ipynb#A-heading", "01_b.html#A-heading"),
        ("../notebooks/02_c.ipynb", "02_c.html"),
        ("09_none.ipynb", "09_none.ipynb"),
        ("#here", "#here"),
        ("../a%20file.md#part", "../a%20file.md#part"),
        ("other/01_b.ipynb", "../notebooks/other/01_b.ipynb"),
        ("https://example.org/01_b.ipynb", "https://example.org/01_b.ipynb"),
        ("mailto:a@example.org", "mailto:a@example.org"),
    ],
)
def test_links_lead_from_the_page_where_they_led_from_the_notebook(
    course: list[Chapter], tmp_path: Path, written: str, shown: str
) -> None:
    (tmp_path / "a file.md").write_text("text", encoding="utf-8")
    write_text(tmp_path / "notebooks" / "other" / "01_b.ipynb", "{}")
    assert page_with(f"see [this]({written})", course, tmp_path / "html") == [shown]


@pytest.mark.usefixtures("_no_mathjax")
def test_no_page_of_the_course_has_a_dead_link(tmp_path: Path) -> None:
    course, folder = chapters(), tmp_path / "html"
    texts = {}
    for chapter in course:
        notebook = read(chapter)
        notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        page = write_page(Result(chapter, notebook, 1.0, 0, None), course, folder)
        texts[page.name] = page.read_text(encoding="utf-8")
    write_index(course, folder)
    seen = 0
    for name, text in texts.items():
        for link in links(text):
            if re.match(r"https?://|mailto:", link):
                continue
            file, _, anchor = link.partition("#")
            assert not file.endswith(".ipynb"), f"{name}: {link}"
            assert (folder / (file or name)).exists(), f"{name}: {link}"
            assert not anchor or f'id="{anchor}"' in texts[file or name], f"{name}: {link}"
            seen += 1
    assert seen > 50


def test_half_of_mathjax_is_made_whole(tmp_path: Path) -> None:
    """A version of the course that was killed while it copied left some of the files, one short."""
    bring_mathjax(tmp_path)
    whole = pages._files(tmp_path / "mathjax")
    assert len(whole) > 500
    for folder in ("extensions", "jax"):
        shutil.rmtree(tmp_path / "mathjax" / folder)
    bring_mathjax(tmp_path)
    assert pages._files(tmp_path / "mathjax") == whole
    (tmp_path / "mathjax" / "MathJax.js").write_text("half", encoding="utf-8")
    bring_mathjax(tmp_path)
    assert pages._files(tmp_path / "mathjax") == whole


def test_a_copy_of_mathjax_that_is_stopped_is_not_taken_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(source: Path, target: Path) -> None:
        target.mkdir()
        (target / "MathJax.js").write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copytree", stopped)
        with pytest.raises(KeyboardInterrupt):
            bring_mathjax(tmp_path)
    assert not (tmp_path / "mathjax").exists()


def test_a_full_disk_under_mathjax_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        raise shutil.Error([("a.js", "b.js", "[Errno 28] No space left on device")] * 600)

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(OSError, match=r"^cannot write .{,200}mathjax: .{,20}No space left on .+$"):
        bring_mathjax(tmp_path)


def test_two_runs_at_once_bring_one_mathjax(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = []
    real = shutil.copytree

    def noted(source: Path, target: Path, *settings: object) -> None:
        if not settings:  # it calls itself, with settings, for each folder inside
            copied.append(target)
        real(source, target, *settings)

    monkeypatch.setattr(shutil, "copytree", noted)
    runs = [threading.Thread(target=bring_mathjax, args=[tmp_path]) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(copied) == 1
