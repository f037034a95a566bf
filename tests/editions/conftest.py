"""A small course of scratch notebooks."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.editions.chapters import Chapter, chapters

BOX = """# Scratch {number}

> You will learn little. About {minutes} minutes.

$$e^{{i\\pi}} = -1$$"""


@pytest.fixture
def make_course(tmp_path: Path) -> Callable[[dict[str, list[str]]], list[Chapter]]:
    """Write notebooks, given as stem -> sources of the code cells, and return the chapters."""

    def make(notebooks: dict[str, list[str]]) -> list[Chapter]:
        folder = tmp_path / "notebooks"
        folder.mkdir()
        for stem, sources in notebooks.items():
            box = BOX.format(number=stem[:2], minutes=10 + int(stem[:2]))
            cells = [new_markdown_cell(box), *map(new_code_cell, sources)]
            for index, cell in enumerate(cells):
                cell.id = f"cell-{index}"
            path = folder / f"{stem}.ipynb"
            path.write_text(nbformat.writes(new_notebook(cells=cells)), encoding="utf-8")
        return chapters(folder)

    return make
