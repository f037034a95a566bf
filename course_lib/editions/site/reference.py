"""The reference: a page for every package of the library, from its docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from course_lib.editions.chapters import Chapter

PACKAGE = Path(__file__).resolve().parents[2]

LEFT_OUT = ("cli", "editions", "teaching.exercises.chapter_")
"""What no chapter calls, or would tell the solutions."""

STORY = re.compile(r"\bNotebooks?: (?P<numbers>\d\d(?:(?:, | and )\d\d)*)")
"""How a docstring names the chapters that tell its story."""

SECTIONS = ("Parameters", "Attributes")
"""The headings below which names stand, each with what it is behind a colon."""

LITERAL = re.compile(r"(``.+?``|`[^`]+`)")


def modules() -> dict[str, list[str]]:
    """Return the library's packages, and the modules that each holds, by their full names.

    What lies in no package but `course_lib` itself is left out: it only tells a version.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        package = ".".join(path.relative_to(PACKAGE).parts[:-1])
        name = f"{package}.{path.stem}"
        if package and not path.name.startswith("__") and not name.startswith(LEFT_OUT):
            found.setdefault(f"course_lib.{package}", []).append(f"course_lib.{name}")
    return found


def package_pages() -> dict[str, str]:
    """Return the pages as reStructuredText, by the name of the package; "index" lists them.

    A page holds the package's docstring, and of each of its modules all that is public and
    defined there, in the order of the source.
    """
    pages = {}
    for package, members in modules().items():
        blocks = [f".. automodule:: {package}"]
        for module in members:
            title = module.removeprefix(f"{package}.")
            about = f".. automodule:: {module}\n   :members:\n   :show-inheritance:"
            blocks += [f"{title}\n{'-' * len(title)}", about]
        pages[package] = _titled(package.removeprefix("course_lib."), *blocks)
    contents = [".. toctree::", "   :maxdepth: 1", "", *(f"   {package}" for package in pages)]
    pages["index"] = _titled("The library", INTRODUCTION, "\n".join(contents))
    return pages


INTRODUCTION = """\
``course_lib`` holds the models of the course. Each page below is made of the docstrings of one
package; a number after *Notebook* leads to the chapter that tells the story."""


def _titled(title: str, *blocks: str) -> str:
    return "\n\n".join([f"{title}\n{'=' * len(title)}", *blocks]) + "\n"


def as_restructured_text(lines: Sequence[str], course: Sequence[Chapter]) -> list[str]:
    r"""Return a docstring whose plain formulas reStructuredText leaves alone, and links chapters.

    The docstrings are plain text with formulas such as ``|k_m| < 1`` and ``x[t] * phi_``, in which
    Sphinx would see substitutions, emphasis and references. A backslash before each such sign
    keeps it as it is; what stands between backticks, and in an indented example after ``::``,
    stays. "Notebook: 03" becomes a link to the chapter. Below "Parameters", what follows a colon
    says what a name is, where numpydoc expects a type: it moves to a line of its own.
    """
    pages = {chapter.number: chapter.stem for chapter in course}
    told: list[str] = []
    literal = -1  # the indentation of the paragraph whose `::` begins an example
    for line in _with_names_alone(lines):
        indent = len(line) - len(line.lstrip())
        if literal >= 0 and line.strip() and indent <= literal:
            literal = -1
        if literal >= 0:
            told.append(line)
            continue
        if line.rstrip().endswith("::"):
            literal = indent
        told.append(_with_stories(_escaped(line), pages))
    return told


def in_short(signature: str) -> str:
    """Return a signature whose types stand without the way to them: ``Clip``, ``Float[...]``.

    Sphinx puts ``~`` before the names that it would shorten itself, and forgets to where a shape
    such as "*frames order" is no Python.
    """
    return re.sub(r"~(?:\w+\.)+(?=\w)", "", signature)


def _with_names_alone(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines, with ``name : what it is`` below some headings as two.

    A paragraph after the last name is no name: it gets a heading of its own.
    """
    inside, before = False, ""
    for line, following in pairwise([*lines, ""]):
        if following.strip("- ") == "" and following.strip():
            inside = line.strip() in SECTIONS
        name, colon, what = line.partition(" : ")
        at_margin = bool(line.strip("- ")) and not line.startswith(" ")
        if inside and at_margin and colon:
            yield name
            yield f"    {what}"
        elif inside and at_margin and not before.strip() and line.strip() not in SECTIONS:
            inside = False
            yield from ("Notes", "-----", line)
        else:
            yield line
        before = line


def _escaped(line: str) -> str:
    pieces = LITERAL.split(line)
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            piece = re.sub(r"(?<!\\)([|*])", r"\\\1", piece)
            piece = re.sub(r"(?<=\w)_(?=\W|$)", r"\\_", piece)
            after_literal = i > 0 and piece[:1].isalnum()  # as in ``Module``s
            pieces[i] = f"\\ {piece}" if after_literal else piece
    return "".join(pieces)


def _with_stories(line: str, pages: dict[str, str]) -> str:
    def linked(number: re.Match[str]) -> str:
        stem = pages.get(number[0])
        return number[0] if stem is None else f":doc:`{number[0]} </notebooks/{stem}>`"

    def story(match: re.Match[str]) -> str:
        return match[0].replace(match["numbers"], re.sub(r"\d\d", linked, match["numbers"]))

    return STORY.sub(story, line)
