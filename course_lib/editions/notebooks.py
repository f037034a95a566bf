"""Notebook files: read only where they are sound, and stored in one form."""

from __future__ import annotations

import base64
import io
import json
import textwrap
import warnings

import nbformat
from nbformat import NotebookNode
from nbformat.warnings import MissingIDFieldWarning
from PIL import Image

from course_lib.core import write_text
from course_lib.editions.chapters import Chapter

FORMAT, MINOR = 4, 5
"""The version of the notebooks' format; older minor versions lack the names of cells."""


def read(chapter: Chapter) -> NotebookNode:
    """Return a chapter's notebook.

    Raises
    ------
    ValueError
        Where the file is not a notebook, or one of another format.
    OSError
        Where it cannot be read.
    """
    try:
        content = json.loads(chapter.path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
            raise ValueError("it does not say in which format it is")
        if content["nbformat"] != FORMAT:
            raise ValueError(
                f"need format {FORMAT}, got format {content['nbformat']}; open it in JupyterLab "
                "and save it, or try: jupyter nbconvert --to notebook --inplace FILE"
            )
        cells = content.get("cells")
        if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
            raise ValueError("it has no list of cells")
        content["nbformat_minor"] = MINOR
        with warnings.catch_warnings(action="ignore", category=MissingIDFieldWarning):
            nbformat.validate(content)  # gives names to cells that have none
    except nbformat.ValidationError as error:
        reason = textwrap.shorten(error.message, 200)
        raise ValueError(f"{chapter.path} is not a sound notebook: {reason}") from error
    except ValueError as error:
        raise ValueError(f"{chapter.path} is not a notebook: {error}") from error
    return nbformat.versions[FORMAT].to_notebook_json(content)


def store(chapter: Chapter, notebook: NotebookNode) -> None:
    """Write an executed notebook over its source, with nothing in it that differs by run."""
    write_text(chapter.path, text(notebook))


def text(notebook: NotebookNode) -> str:
    """Return the content of the file that stores a notebook."""
    return nbformat.writes(tidy(notebook)) + "\n"


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook in the form that is stored: small, and the same after every run."""
    tidied = nbformat.from_dict(notebook)
    tidied.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in tidied.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = _with_palette(output.data["image/png"])
    tidied.nbformat, tidied.nbformat_minor = FORMAT, MINOR
    return tidied


def _with_palette(png: str) -> str:
    """Return a base64 PNG with at most 64 colours on white, about a third of the size.

    One that has a palette already comes back as it is.
    """
    image = Image.open(io.BytesIO(base64.b64decode(png)))
    if image.mode == "P":
        return png
    page = Image.new("RGBA", image.size, "white")
    page.alpha_composite(image.convert("RGBA"))
    file = io.BytesIO()
    small = page.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")
