"""A browser, a server for a folder of pages, and a page that tells what it complains of."""

import contextlib
import functools
import http.server
import shutil
import threading

import pytest

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

PATIENCE = 300_000
"""Milliseconds that a page may take over anything, on a machine that has other work to do."""

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


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def copyfile(self, source: object, outputfile: object) -> None:
        with contextlib.suppress(ConnectionError):  # a page that is left wants no more of it
            super().copyfile(source, outputfile)


@pytest.fixture(scope="session")
def play():
    """Start each player of a page, and wait until its clock moves: a script for the browser.

    It returns how many players there are, and which stay silent.
    """
    return PLAY


@pytest.fixture(scope="session")
def serve():
    """Return a context that serves a folder of pages, and gives their address."""

    @contextlib.contextmanager
    def served(folder):
        handler = functools.partial(_Quiet, directory=str(folder))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()

    return served


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


def _blames_the_page(line):
    """Return whether a line of the console is an error; MathJax measures with no font on purpose,
    and what does not load is seen by its answer."""
    return (
        line.type == "error"
        and "about:blank" not in line.text
        and not line.text.startswith("Failed to load resource")
    )


@pytest.fixture
def visit(browser, site):
    """Return a function that opens a page, and the complaints and foreign requests since.

    What else the function is given goes to the window, such as `color_scheme="dark"`.
    """
    contexts, complaints, foreign = [], [], []

    def opened(name, **settings):
        contexts.append(browser.new_context(**settings))
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        page.on("console", lambda line: _blames_the_page(line) and complaints.append(line.text))
        page.on("response", lambda answer: answer.status < 400 or complaints.append(answer.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((site, "data:", "blob:", "about:"))
                or foreign.append(request.url)
            ),
        )
        page.goto(f"{site}/{name}", wait_until="load")
        return page

    yield opened, complaints, foreign
    for context in contexts:
        context.close()
