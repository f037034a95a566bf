"""Pages of the stored notebooks in a real browser: what asks for nothing else, and plays.

Needs Playwright (the extra `browser`) and a Chromium that is installed: Playwright's own, or the
system's. `make test-browser` runs this file.
"""

import functools
import http.server
import shutil
import threading

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
SYSTEM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
OPTIONS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
]

PLAY = """async () => {
    const silent = [];
    const players = document.querySelectorAll('audio');
    for (const [i, player] of players.entries()) {
        player.muted = true;
        try { await player.play(); } catch (error) { silent.push(`${i}: ${error}`); continue; }
        for (let k = 0; k < 100 && player.currentTime === 0; k++)
            await new Promise(resolve => setTimeout(resolve, 20));
        if (player.currentTime === 0 || !(player.duration > 0)) silent.push(`${i}: stands still`);
        player.pause();
    }
    return [players.length, silent];
}"""
"""Start each player of a page, and wait until its clock moves."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Serve the pages of the stored notebooks, and yield their address."""
    folder = tmp_path_factory.mktemp("html")
    for chapter in CHAPTERS:
        notebook = nbformat.read(chapter.path, 4)
        write_page(Result(chapter, notebook, 0.0, 0, None), CHAPTERS, folder)
    write_index(CHAPTERS, folder)
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _blames_the_page(line):
    """Return whether a line of the console is an error; MathJax measures with no font on purpose,
    and what does not load is seen by its answer."""
    return (
        line.type == "error"
        and "about:blank" not in line.text
        and not line.text.startswith("Failed to load resource")
    )


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no Playwright: pip install -e '.[browser]'"
    )
    with playwright.sync_playwright() as started:
        try:
            chromium = started.chromium.launch(executable_path=SYSTEM, args=OPTIONS)
        except playwright.Error as error:
            if "Executable doesn't exist" not in str(error):
                raise
            pytest.skip("no Chromium: install the system's, or run playwright install chromium")
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, site):
    """Return a function that opens a page, and the complaints and foreign requests since."""
    context, complaints, foreign = browser.new_context(), [], []

    def opened(name):
        page = context.new_page()
        page.on("console", lambda line: _blames_the_page(line) and complaints.append(line.text))
        page.on("response", lambda answer: answer.ok or complaints.append(answer.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((site, "data:", "blob:", "about:"))
                or foreign.append(request.url)
            ),
        )
        page.goto(f"{site}/{name}.html", wait_until="load")
        return page

    yield opened, complaints, foreign
    context.close()


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_page_plays_and_asks_nobody_else(chapter, visit):
    opened, complaints, foreign = visit
    page = opened(chapter.stem)
    count, silent = page.evaluate(PLAY)
    assert count > 0
    assert not silent
    assert not foreign
    assert not complaints


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_formulas_are_typeset(chapter, visit):
    opened, _, _ = visit
    page = opened(chapter.stem)
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
    page = opened("index")
    links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
    assert len(links) >= len(CHAPTERS)
    answers = {link: page.request.get(link).status for link in links}
    assert set(answers.values()) == {200}, answers
    assert not foreign
