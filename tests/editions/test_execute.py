"""Notebooks run in real kernels here; each test starts as few as it can."""

import asyncio
import base64
import gc
import io
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
import zmq.asyncio
from jupyter_client import LocalPortCache
from PIL import Image

from course_lib.audio import Clip
from course_lib.editions import execute
from course_lib.editions.chapters import Chapter
from course_lib.editions.course import run_course
from course_lib.editions.execute import (
    LEFT_OUT,
    Outcome,
    Result,
    count_claims,
    execute_all,
    kernel_environment,
)
from course_lib.editions.notebooks import store, tidy
from course_lib.teaching import plot_spectrogram

Make = Callable[[dict[str, list[str]]], list[Chapter]]


def run(course: list[Chapter], at_once: int = 2, stop_early: bool = False) -> list[Outcome]:
    return execute_all(
        course,
        at_once=at_once,
        on_cell=lambda *progress: None,
        on_done=lambda outcome: None,
        stop_early=stop_early,
    )


def text_of(result: Result) -> str:
    cells = [cell for cell in result.notebook.cells if cell.cell_type == "code"]
    return "".join(output.text for cell in cells for output in cell.outputs)


def test_a_notebook_runs_in_a_tame_environment_and_tells_what_it_used(
    make_course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    ballast = np.ones(70_000_000)  # ours, and not the kernel's
    (chapter,) = make_course(
        {
            "00_a": [
                "import os, sys",
                "print(os.environ['OMP_NUM_THREADS'], os.environ['PYTHONHASHSEED'])",
                "print(os.path.basename(os.getcwd()), '/nowhere' in sys.path)",
                "print(os.environ['MPLBACKEND'])",
                "print('✓ a claim')\nprint('✓ 00.1 an exercise')",
            ]
        }
    )
    seen = []
    (result,) = execute_all(
        [chapter],
        at_once=1,
        on_cell=lambda chapter, done, count: seen.append((done, count)),
        on_done=lambda outcome: seen.append(outcome.chapter),
    )
    assert isinstance(result, Result)
    assert text_of(result).splitlines()[:2] == ["1 0", "notebooks False"]
    assert "inline" in text_of(result)
    assert seen == [*((k, 6) for k in range(1, 7)), chapter]
    assert result.claims == 1
    assert 0 < result.seconds < 120
    assert result.memory is None or 10e6 < result.memory < 0.5e9 < ballast.nbytes
    assert chapter.describe()[0] == "Scratch 00"  # the file itself was left alone


def test_a_failure_names_the_notebook_the_cell_and_the_error_and_the_others_go_on(
    make_course: Make,
) -> None:
    course = make_course(
        {"00_bad": ["x = 1", "# why\nint('three')", "print('never')"], "01_good": ["print(1)"]}
    )
    failure, result = run(course)
    assert str(failure) == (
        "00_bad.ipynb, cell 3 (`# why`): "
        "ValueError: invalid literal for int() with base 10: 'three'"
    )
    assert isinstance(result, Result)
    assert text_of(result) == "1\n"


def test_a_failure_stops_the_others_on_request(make_course: Make) -> None:
    course = make_course(
        {
            "00_bad": ["int('three')"],
            "01_slow": ["import time", "time.sleep(300)"],
            "02_never": ["raise SystemError"],
        }
    )
    started = time.monotonic()
    (failure,) = run(course, stop_early=True)
    assert failure.chapter == course[0]
    assert time.monotonic() - started < 100


def test_a_message_without_end_is_cut(make_course: Make) -> None:
    (failure,) = run(make_course({"00_loud": ["raise ValueError('no ' * 1_000_000)"]}))
    assert 100 < len(str(failure)) < 1000


def test_a_kernel_that_dies_is_reported(make_course: Make) -> None:
    (failure,) = run(make_course({"00_dead": ["import os", "os._exit(1)"]}))
    assert re.search(r"cell 3 .* the kernel died", str(failure))


def test_a_kernel_that_does_not_start_is_told_in_one_line(
    make_course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no room for a kernel')"]
    monkeypatch.setattr(execute, "get_kernel_dict", lambda: {"argv": command})
    with pytest.raises(ChildProcessError, match=r"^no kernel .*: no room for a kernel; .*$"):
        run(make_course({"00_a": [], "01_b": []}))


def test_no_loopback_interface_is_told_in_one_line(
    make_course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*address: object) -> None:
        raise OSError(99, "Cannot assign requested address")

    course = make_course({"00_a": []})
    monkeypatch.setattr(LocalPortCache, "find_available_port", refuse)
    with pytest.raises(ChildProcessError, match=r"^no kernel .*requested address; .*127\.0\.0\.1"):
        run(course)


@pytest.mark.parametrize("content", ["{}", '{"nbformat": 3, "worksheets": []}'])
def test_a_broken_notebook_is_told_before_anything_runs(make_course: Make, content: str) -> None:
    course = make_course({"00_a": [], "01_b": []})
    course[1].path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"01_b\.ipynb is not a notebook"):
        execute_all(course, at_once=1, on_cell=pytest.fail, on_done=pytest.fail)


def contexts() -> list[zmq.asyncio.Context]:
    gc.collect()
    return [
        thing
        for thing in gc.get_objects()
        if issubclass(type(thing), zmq.asyncio.Context) and not thing._shadow and not thing.closed
    ]


@pytest.mark.parametrize("when", ["start", "cell", "end"])
def test_a_run_that_is_stopped_leaves_neither_context_nor_kernel(
    make_course: Make,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    when: str,
) -> None:
    """The run is stopped while a kernel starts, while it works, and while it is shut down."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, usual))  # is born deaf to Ctrl-C
    (chapter,) = make_course({"00_a": ["import time; time.sleep(2)"]})
    before, kernels, threads = contexts(), [], threading.active_count()
    name = {"start": "async_start_new_kernel_client", "cell": "async_execute_cell"}.get(when)

    def interrupt() -> None:
        asyncio.get_running_loop().call_later(0.05, signal.raise_signal, signal.SIGINT)

    class Kernel(execute._Kernel):
        async def shutdown_kernel(self, **settings: bool) -> None:
            kernels.append(self)
            if when == "end":
                interrupt()
                await asyncio.sleep(0.3)
            await super().shutdown_kernel(**settings)

    monkeypatch.setattr(execute, "_Kernel", Kernel)
    if name is not None:
        method = getattr(execute._Client, name)

        async def stopped(*arguments: object, **settings: object) -> object:
            interrupt()
            return await method(*arguments, **settings)

        monkeypatch.setattr(execute._Client, name, stopped)
    with pytest.raises(KeyboardInterrupt):
        run([chapter])
    assert contexts() == before
    assert threading.active_count() == threads
    (kernel,) = kernels
    assert not kernel.has_kernel
    assert not Path(kernel.connection_file).exists()


def test_what_is_too_long_for_a_page_is_cut(
    make_course: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "CELL_TEXT", 1000)
    monkeypatch.setattr(execute, "NOTEBOOK_OUTPUT", 5000)
    cells = [
        "for _ in range(100):\n    print('x' * 99, flush=True)",
        "'y' * 2000",
        "from IPython.display import HTML, display\ndisplay(HTML('h' * 3000))\nprint('after')",
        "display(HTML('h' * 3000))\nprint('small')",
    ]
    (result,) = run(make_course({"00_a": cells}))
    assert isinstance(result, Result)
    streams = ["".join(o.get("text", "") for o in c.outputs) for c in result.notebook.cells[1:]]
    assert streams[0] == ("x" * 99 + "\n") * 10 + f"\n{LEFT_OUT}\n"
    assert streams[1] == f"\n{LEFT_OUT}\n"
    assert streams[2] == "after\n"
    assert streams[3] == f"\n{LEFT_OUT}\nsmall\n"
    assert [len(cell.outputs) for cell in result.notebook.cells[1:]] == [1, 1, 2, 1]


def test_two_runs_in_place_store_the_same_bytes(make_course: Make) -> None:
    (chapter,) = make_course(
        {
            "00_a": [
                "import sys\nfor k in range(3):\n    print(k, flush=True)\n    "
                "print('!', file=sys.stderr)",
                "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])",
                "{'b', 'a', 'c'}",
            ]
        }
    )
    contents = []
    for _ in range(2):
        assert run_course([chapter], [chapter], pages=None) == []
        contents.append(chapter.path.read_bytes())
    assert contents[0] == contents[1]
    notebook = nbformat.reads(contents[0].decode(), as_version=4)
    assert notebook.metadata == tidy(notebook).metadata
    assert notebook.metadata.language_info == {"name": "python"}
    outputs = notebook.cells[1].outputs
    assert [(output.name, output.text) for output in outputs] == [
        ("stdout", "0\n1\n2\n"),
        ("stderr", "!\n!\n!\n"),
    ]
    figure = base64.b64decode(notebook.cells[2].outputs[0].data["image/png"])
    with Image.open(io.BytesIO(figure)) as image:
        assert image.mode == "P"  # a palette: a third of the size
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert tidy(notebook) == notebook
    assert contents[0].endswith(b"}\n")
    assert b"\r" not in contents[0]


def test_tidying_keeps_tags_and_drops_what_differs_between_runs(
    make_course: Make, tmp_path: Path
) -> None:
    (chapter,) = make_course({"00_a": ["1"]})
    notebook = nbformat.read(chapter.path, as_version=4)
    notebook.metadata["language_info"] = {"name": "python", "version": "3.99"}
    notebook.cells[1].metadata = nbformat.from_dict(
        {"tags": ["nbval-ignore-output"], "execution": {"iopub.status.busy": "2026"}}
    )
    tidied = tidy(notebook)
    assert tidied.cells[1].metadata == {"tags": ["nbval-ignore-output"]}
    assert "version" not in tidied.metadata.language_info
    assert notebook.cells[1].metadata["execution"]  # the argument is not changed
    store(chapter, notebook)
    assert nbformat.read(chapter.path, as_version=4) == tidied


def test_tidying_makes_pictures_small_and_only_once(tone: Clip) -> None:
    file = io.BytesIO()
    axes = plot_spectrogram(tone)
    axes.figure.savefig(file, dpi=90)
    before = base64.b64encode(file.getvalue()).decode()
    cell = nbformat.v4.new_code_cell(
        outputs=[nbformat.v4.new_output("display_data", data={"image/png": before})]
    )
    once = tidy(nbformat.v4.new_notebook(cells=[cell]))
    after = once.cells[0].outputs[0].data["image/png"]
    assert len(after) < 0.6 * len(before)
    old, new = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"), float)
        for png in (before, after)
    )
    assert np.abs(old - new).mean() < 4  # of 255
    assert tidy(once) == once
    assert cell.outputs[0].data["image/png"] == before


def test_claims_are_counted_and_exercises_are_not() -> None:
    text = "✓ one holds\nnot ✓ this\n✓ 03.1 an exercise\n✓ two hold\n"
    output = {"output_type": "stream", "name": "stdout", "text": text}
    cells = [{"cell_type": "code", "outputs": [output]}, {"cell_type": "markdown", "source": "✓ x"}]
    assert count_claims(nbformat.from_dict({"cells": cells})) == 2


def test_the_environment_keeps_what_is_the_users_own() -> None:
    made = kernel_environment({"HOME": "/home/x", "MPLBACKEND": "agg", "OMP_NUM_THREADS": "8"})
    assert made["HOME"] == "/home/x"
    assert made["OMP_NUM_THREADS"] == "1"
    assert "MPLBACKEND" not in made
