"""Notebooks run in real kernels here; each test starts as few as it can."""

import base64
import io
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from course_lib.audio import Clip
from course_lib.runner.chapters import Chapter
from course_lib.runner.course import run_course, store
from course_lib.runner.execute import (
    NotebookFailed,
    Result,
    count_claims,
    execute_all,
    kernel_environment,
    tidy,
)
from course_lib.teaching import plot_spectrogram

Make = Callable[[dict[str, list[str]]], list[Chapter]]


def run(course: list[Chapter], at_once: int = 2) -> list[Result]:
    return execute_all(
        course, at_once=at_once, on_cell=lambda *progress: None, on_done=lambda result: None
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
        on_done=lambda result: seen.append(result.chapter),
    )
    assert text_of(result).splitlines()[:2] == ["1 0", "notebooks False"]
    assert "inline" in text_of(result)
    assert seen == [*((k, 6) for k in range(1, 7)), chapter]
    assert result.claims == 1
    assert 0 < result.seconds < 120
    assert result.memory is None or 10e6 < result.memory < 0.5e9 < ballast.nbytes
    assert chapter.describe()[0] == "Scratch 00"  # the file itself was left alone


def test_a_failure_names_the_notebook_the_cell_and_the_error_and_stops_the_rest(
    make_course: Make,
) -> None:
    course = make_course(
        {
            "00_bad": ["x = 1", "# why\nint('three')", "print('never')"],
            "01_slow": ["import time", "time.sleep(300)"],
            "02_never": ["raise SystemError"],
        }
    )
    started = time.monotonic()
    with pytest.raises(NotebookFailed) as failure:
        run(course)
    assert str(failure.value) == (
        "00_bad.ipynb, cell 3 (`# why`): "
        "ValueError: invalid literal for int() with base 10: 'three'"
    )
    assert time.monotonic() - started < 100


def test_a_kernel_that_dies_is_reported(make_course: Make) -> None:
    course = make_course({"00_dead": ["import os", "os._exit(1)"]})
    with pytest.raises(NotebookFailed, match=r"cell 3 .* the kernel died"):
        run(course)


def test_a_file_that_is_no_notebook_is_reported(make_course: Make) -> None:
    (chapter,) = make_course({"00_a": []})
    chapter.path.write_text("{}", encoding="utf-8")
    with pytest.raises(NotebookFailed, match=r"00_a\.ipynb cannot be read"):
        run([chapter])


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
        run_course([chapter], [chapter], in_place=True)
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


def test_a_failed_run_in_place_leaves_every_notebook_alone(make_course: Make) -> None:
    course = make_course({"00_good": ["1"], "01_bad": ["1 / 0"]})
    before = [chapter.path.read_bytes() for chapter in course]
    with pytest.raises(NotebookFailed):
        run_course(course, course, in_place=True)
    assert [chapter.path.read_bytes() for chapter in course] == before


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
    store(Result(chapter, notebook, 1.0, 0, None))
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
