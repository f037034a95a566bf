"""The learner's copies: solutions cleared, first sounds kept, and no file ever overwritten."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.preprocessors import ClearOutputPreprocessor
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

from course_lib.core import write_text
from course_lib.editions.chapters import Chapter
from course_lib.editions.notebooks import read, text, tidy

STUB = 'raise NotImplementedError("write your solution here and delete this line")'
STUB_AT_TOP = "...  # write your solution here and delete this line"

README = """\
# Your copies of the course

Begin with `00_start_here.ipynb`; the chapters build on each other in the order of their numbers.

- **Listen first.** The first sounds and pictures of each chapter are there already. All else comes
  when you run the cells (Shift + Enter), from the top; the first takes a while to import.
- **Exercises** stand near the end of each chapter. Write your solution where the cell says so, run
  it, and run the `check(...)` below it. `hint("03.1")` helps, a little more each time.
- **These files are yours.** No command writes over them. For a fresh copy, rename yours and start
  `make lab` again (in an installed copy: `course lab`).
- **Solutions** are in the pages that `make run` writes, and on the course's site.
- Where something is missing or broken, `course doctor` says what to do.
"""
"""What lies beside the copies."""


KEPT = 4
"""How many cells with a sound or a picture keep their outputs: the first of each copy."""


@dataclass(frozen=True)
class Copies:
    """Which copies were written, and which files were there already and stay as they are."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def clear_solutions(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without outputs and without what stands between BEGIN and END SOLUTION.

    Inside a function a solution becomes ``raise NotImplementedError``, at the top level ``...``,
    so that the cell runs and the check after it says that nothing is done yet.

    Raises
    ------
    ValueError
        For a solution that begins and does not end.
    """
    preprocessor = ClearSolutions(code_stub={"python": STUB}, enforce_metadata=False)
    try:
        cleared, resources = preprocessor.preprocess(nbformat.from_dict(notebook), {})
    except RuntimeError as error:
        raise ValueError(f"cannot clear the solutions: {error}") from error
    cleared, _ = ClearOutputPreprocessor().preprocess(cleared, resources)
    for cell in cleared.cells:
        if cell.cell_type == "code":
            cell.source = re.sub(f"^{re.escape(STUB)}", STUB_AT_TOP, cell.source, flags=re.M)
    return tidy(cleared)


def learners_copy(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook without solutions, and with the outputs of its first sounds and pictures.

    So there is something to hear before anything is imported. The cells are not numbered, for
    nobody has run them yet. From the first exercise on nothing is kept, because an output could
    rest on its solution.

    Raises
    ------
    ValueError
        For a solution that begins and does not end.
    """
    copy = clear_solutions(notebook)
    kept = 0
    for cell, cleared in zip(notebook.cells, copy.cells, strict=True):
        if cell.source != cleared.source or kept == KEPT:
            break
        outputs = cell.get("outputs", [])
        if any(map(_heard_or_seen, outputs)):
            cleared.outputs = list(map(_without_number, outputs))
            kept += 1
    return tidy(copy)


def _heard_or_seen(output: NotebookNode) -> bool:
    data = output.get("data", {})
    return "image/png" in data or "<audio" in data.get("text/html", "")


def _without_number(output: NotebookNode) -> dict[str, Any]:
    numbered = output.output_type == "execute_result"
    return {**output, "execution_count": None} if numbered else {**output}


def write_copies(chapters: Sequence[Chapter], folder: Path) -> Copies:
    """Write the learner's copies into `folder`; a file that is there already is left alone.

    A README.md beside them tells what they are; it, too, is left alone once it is there.

    Raises
    ------
    ValueError
        Where `folder` is where the notebooks themselves lie, or where one of them is broken;
        nothing has been written then.
    NotADirectoryError
        Where `folder` is a file.
    OSError
        Where a copy cannot be written; those before it are complete.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"need a folder for the copies, but {folder} is a file")
    if any(chapter.path.parent.resolve() == folder.resolve() for chapter in chapters):
        raise ValueError(f"{folder} holds the course's own notebooks; name another folder")
    targets = {chapter: folder / chapter.path.name for chapter in chapters}
    new = {chapter: target for chapter, target in targets.items() if not target.exists()}
    copies = {target: text(learners_copy(read(chapter))) for chapter, target in new.items()}
    written = []
    for target, copy in copies.items():
        with suppress(FileExistsError):  # where another command has just written it, it is kept
            write_text(target, copy, overwrite=False)
            written.append(target)
    with suppress(FileExistsError):
        write_text(folder / "README.md", README, overwrite=False)
    kept = [target for target in targets.values() if target not in written]
    return Copies(tuple(written), tuple(kept))
