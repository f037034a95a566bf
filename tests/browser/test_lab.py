"""JupyterLab as a learner finds it: the first chapters run, exercises answer, files stay theirs.

Needs Playwright (the extra `browser`) and a Chromium; `make test-browser` runs this file.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

pytestmark = pytest.mark.slow

CHAPTER = "03_autoregression.ipynb"

WRONG = '''def predict(x, phi):
    """Return sum_k phi[k] x[t-1-k] for every t, shape (time,)."""
    return np.convolve(x, phi)[: len(x)]'''
"""It looks at the present sample, too."""

RIGHT = WRONG.replace("(x, phi)[", "(np.append(0.0, x), phi)[")

SECONDS = 1_000_000
"""Milliseconds that all cells together may take on a slow machine."""

ALL_RAN = """() => {
    const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
    return prompts.length > 50 && prompts.every(prompt => /\\[\\d+\\]/.test(prompt.textContent));
}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("learner")


def settings(home):
    """Return an environment in which JupyterLab keeps all cells in the page, seen or not.

    It knows nothing of the tabs that were open at home, and leaves nothing there.
    """
    folder = home / "settings"
    plugin = folder / "@jupyterlab" / "notebook-extension"
    plugin.mkdir(parents=True, exist_ok=True)
    (plugin / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    places = {"SETTINGS": folder, "WORKSPACES": home / "workspaces"}
    return os.environ | {f"JUPYTERLAB_{name}_DIR": str(path) for name, path in places.items()}


@pytest.fixture(scope="module")
def lab(home):
    """Run `course lab` in an empty folder, and yield its address and token."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--no-browser", "--allow-root", f"--port={port}", "--ServerApp.token=abc")
    process = subprocess.Popen(
        [sys.executable, "-m", "course_lib", "lab", *options],
        cwd=home,
        env=settings(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        wait_for(direct, f"{address}/api/status?token=abc", process)
        yield address
    finally:
        request = urllib.request.Request(f"{address}/api/shutdown?token=abc", b"")
        direct.open(request, timeout=30).close()
        process.wait(60)


def wait_for(direct, address, process):
    """Wait until a server answers that starts on a slow machine, or has ended."""
    for _ in range(600):
        assert process.poll() is None, "JupyterLab ended by itself"
        try:
            direct.open(address, timeout=30).close()
            return
        except OSError:  # not listening yet, or not yet able to answer
            time.sleep(0.2)
    pytest.fail("JupyterLab does not answer")


@pytest.fixture(scope="module")
def window(browser):
    context = browser.new_context()
    context.set_default_timeout(SECONDS)
    yield context
    context.close()


@pytest.fixture(scope="module")
def page(window, lab):
    """Chapter 03, with all its cells run from the menu."""
    page = window.new_page()
    open_with_a_kernel(page, lab, CHAPTER)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(ALL_RAN)
    return page


def open_with_a_kernel(page, lab, name):
    """Open a notebook alone, and wait until its kernel listens: what is run before is lost."""
    page.goto(f"{lab}/lab/tree/{name}?token=abc&reset")
    page.locator(".jp-CodeCell").first.wait_for()
    page.get_by_text("| Idle").first.wait_for()


def cell_with(page, text):
    return page.locator(".jp-CodeCell", has_text=text).first


def answer(page, code):
    """Solve 03.1 with `code`, run it and the check below it, and return what the check says."""
    cell_with(page, "def predict(x, phi)").locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")
    check = cell_with(page, 'check("03.1"')
    before = check.locator(".jp-InputPrompt").inner_text()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(
        "([cell, before]) => /\\[\\d+\\]/.test(cell.innerText) && cell.innerText !== before",
        arg=[check.locator(".jp-InputPrompt").element_handle(), before],
    )
    return check.locator(".jp-OutputArea").inner_text()


def test_it_opens_on_the_first_chapter_and_sounds_before_anything_runs(window, lab, play):
    page = window.new_page()
    page.goto(f"{lab}/?token=abc")
    page.get_by_role("tab", name="00_start_here.ipynb").wait_for()
    page.wait_for_function("document.querySelectorAll('audio').length > 5")
    numbers = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert set(numbers) == {"[ ]:"}
    count, silent = page.evaluate(play)
    assert count > 5
    assert not silent
    page.close()


def test_a_slider_makes_the_sound_anew(window, lab):
    page, complaints = window.new_page(), []
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    open_with_a_kernel(page, lab, "01_sound_as_data.ipynb")
    cell = cell_with(page, "explore(up_to")
    for needed in (cell_with(page, "weasels = corpora.load"), cell):
        needed.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
    handle = cell.locator(".noUi-handle").first
    handle.wait_for()
    sounds = []
    for cutoff in (1000, 3000, 7000):
        handle.press("ArrowRight")
        cell.locator("figcaption strong", has_text=f"cutoff {cutoff}").wait_for()
        assert cell.locator(".widget-readout").inner_text() == str(cutoff)
        player = cell.locator("audio")
        page.wait_for_function("player => player.duration > 1", arg=player.element_handle())
        sounds.append(player.get_attribute("src"))
    assert len(set(sounds)) == 3
    assert not complaints
    page.close()


def test_the_first_sound_plays(page, play):
    count, silent = page.evaluate(play)
    assert count > 10
    assert not silent


def test_an_exercise_that_is_not_solved_says_so_and_the_run_goes_on(page):
    said = cell_with(page, 'check("03.1"').locator(".jp-OutputArea").inner_text()
    assert said.startswith("○ 03.1")
    assert "not done yet" in said
    after = cell_with(page, 'check("03.5"').locator(".jp-OutputArea").inner_text()
    assert "not done yet" in after


def test_a_wrong_answer_gets_its_message_and_a_right_one_passes(page):
    assert answer(page, WRONG).startswith("✗ 03.1")
    assert answer(page, RIGHT).startswith("✓ 03.1")


def test_the_file_is_still_the_learners_after_another_lab(page, home):
    path = home / "workspace" / CHAPTER
    with page.expect_response(lambda r: r.request.method == "PUT" and CHAPTER in r.url):
        page.keyboard.press("ControlOrMeta+S")
    mine = path.read_text(encoding="utf-8")
    nbformat.validate(json.loads(mine))
    assert "np.append(0.0, x), phi)" in mine
    command = [sys.executable, "-m", "course_lib", "lab", "--version"]
    again = subprocess.run(command, cwd=home, capture_output=True, text=True, check=True)
    assert f"kept  workspace{os.sep}{CHAPTER} (yours;" in again.stdout
    assert path.read_text(encoding="utf-8") == mine
