"""Pages of the stored notebooks in a real browser: what asks for nothing else, and plays.

Needs Playwright (the extra `browser`) and a Chromium that is installed: Playwright's own, or the
system's. `make test-browser` runs this file.
"""

import nbformat
import pytest

from course_lib.editions.chapters import chapters
from course_lib.editions.execute import Result
from course_lib.editions.pages import write_index, write_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:IPython3 lexer:UserWarning"),
]

CHAPTERS = chapters()


@pytest.fixture(scope="module")
def site(tmp_path_factory, serve):
    """Serve the pages of the stored notebooks, and yield their address."""
    folder = tmp_path_factory.mktemp("html")
    for chapter in CHAPTERS:
        notebook = nbformat.read(chapter.path, 4)
        write_page(Result(chapter, notebook, 0.0, 0, None), CHAPTERS, folder)
    write_index(CHAPTERS, folder)
    with serve(folder) as address:
        yield address


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_page_plays_and_asks_nobody_else(chapter, visit, play):
    opened, complaints, foreign = visit
    page = opened(f"{chapter.stem}.html")
    count, silent = page.evaluate(play)
    assert count > 0
    assert not silent
    assert not foreign
    assert not complaints


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_formulas_are_typeset(chapter, visit):
    opened, _, _ = visit
    page = opened(f"{chapter.stem}.html")
    page.wait_for_function("window.MathJax !== undefined && MathJax.Hub !== undefined")
    page.evaluate("() => new Promise(done => MathJax.Hub.Queue(() => done()))")
    errors = page.eval_on_selector_all(
        ".MathJax_Error, .MathJax_Error_Message", "all => all.length"
    )
    source = nbformat.read(chapter.path, 4)
    if any("$" in cell.source for cell in source.cells if cell.cell_type == "markdown"):
        assert page.eval_on_selector_all(".MathJax", "all => all.length") > 0
    assert errors == 0


def test_links_between_pages_lead_somewhere(visit):
    opened, _, foreign = visit
    page = opened("index.html")
    links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
    assert len(links) >= len(CHAPTERS)
    answers = {link: page.request.get(link).status for link in links}
    assert set(answers.values()) == {200}, answers
    assert not foreign
