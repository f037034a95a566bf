"""The chapters that exist: found by file name, described by their own first cells."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib.core import checkout, installed_notebooks


@dataclass(frozen=True)
class Chapter:
    """One notebook: its number such as "03", its name, and where it lies."""

    number: str
    name: str
    path: Path

    @property
    def stem(self) -> str:
        """The file name without its ending, such as "03_autoregression"."""
        return f"{self.number}_{self.name}"

    def describe(self) -> tuple[str, int | None]:
        """Return the title, and the minutes that the box at the top names (None without one).

        Raises
        ------
        ValueError
            Where the file is not a notebook of format 4.
        """
        try:
            cells = json.loads(self.path.read_text(encoding="utf-8"))["cells"]
            text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        except KeyError as error:
            raise ValueError(
                f"{self.path} is not a notebook of format 4: there is no {error}"
            ) from error
        except (json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
            raise ValueError(f"{self.path} is not a notebook: {error}") from error
        title = re.search(r"^#\s+(.+)$", text, re.MULTILINE)
        minutes = re.search(r"(\d+)\s+minutes", text)
        return (
            title[1].strip() if title else self.name.replace("_", " "),
            int(minutes[1]) if minutes else None,
        )


def build_folder() -> Path:
    """Return build/ of the checkout; of an installed copy, build/ in the current folder."""
    return (checkout() or Path.cwd()) / "build"


def check_course_here() -> None:
    """Check that the current folder does not lie in another copy of the course than this one.

    Raises
    ------
    ValueError
        Where it does: its notebooks may differ from those that would be run.
    """
    here, mine = Path.cwd(), checkout()
    for folder in (here, *here.parents):
        if (folder / "course_lib" / "editions").is_dir() and (folder / "notebooks").is_dir():
            if mine is None or not folder.samefile(mine):
                raise ValueError(
                    f"this command belongs to {_whose(mine)}, and the current folder to "
                    f"another copy of it, in {folder}; try `make run` or .venv/bin/course there"
                )
            return


def _whose(mine: Path | None) -> str:
    return "an installed copy of the course" if mine is None else f"the course in {mine}"


def notebooks_folder() -> Path:
    """Return notebooks/ of the checkout, or where pip put the notebooks of an installed copy.

    Raises
    ------
    FileNotFoundError
        Where course_lib was copied without them.
    """
    mine = checkout()
    folder = installed_notebooks() if mine is None else mine / "notebooks"
    if folder is None:
        raise FileNotFoundError(
            "need the course's notebooks, but course_lib neither runs from a checkout nor was "
            "installed with them; pip install audio-generation-course, or clone the course"
        )
    return folder


def chapters(folder: Path | None = None) -> list[Chapter]:
    """Return the chapters in a folder (the course's own where None), in order.

    Raises
    ------
    FileNotFoundError
        Where the folder holds no notebook.
    """
    folder = notebooks_folder() if folder is None else folder
    found = [
        Chapter(match[1], match[2], path)
        for path in sorted(folder.glob("*.ipynb"))
        if (match := re.fullmatch(r"(\d\d)_(\w+)\.ipynb", path.name))
    ]
    if not found:
        raise FileNotFoundError(
            f"there are no notebooks in {folder}; pip install audio-generation-course again, or "
            "clone the course"
        )
    return found


def choose(available: Sequence[Chapter], wanted: str) -> Chapter:
    """Return the chapter with that number, name or file name.

    Raises
    ------
    ValueError
        Where there is none; the message lists those that exist.
    """
    stem = Path(wanted).stem
    number = f"{int(wanted):02d}" if wanted.isdecimal() else wanted
    for chapter in available:
        if number == chapter.number or stem in (chapter.name, chapter.stem):
            return chapter
    listing = ", ".join(chapter.stem for chapter in available)
    raise ValueError(f"there is no notebook {wanted}; there are {listing}")
