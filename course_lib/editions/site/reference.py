"""The reference: a page for every module of the library, from its docstrings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from course_lib.editions.chapters import Chapter

PACKAGE = Path(__file__).resolve().parents[2]

LEFT_OUT = ("cli", "editions", "teaching.exercises.chapter_")
"""What no chapter calls, or would tell the solutions."""

STORY = re.compile(r"\bNotebooks?: (?P<numbers>\d\d(?:(?:, | and )\d\d)*)")
"""How a docstring names the chapters that tell its story."""

LITERAL = re.compile(r"(``.+?``|`[^`]+`)")


def modules() -> list[str]:
    """Return the full names of the library's modules and packages, sorted."""
    names = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE).with_suffix("")
        parts = inside.parts[:-1] if inside.name == "__init__" else inside.parts
        name = ".".join(parts)
        if parts and not inside.name.startswith("__main") and not name.startswith(LEFT_OUT):
            names.append(f"course_lib.{name}")
    return sorted(set(names))


def module_pages() -> dict[str, str]:
    """Return the pages as reStructuredText, by the name of the module; "index" lists the packages.

    A package's page holds its docstring and the list of its modules; a module's page, everything
    public that is defined there, in the order of the source.
    """
    names = modules()
    pages = {
        "index": _titled("The library", INTRODUCTION, _contents("course_lib", names)),
    }
    for name in names:
        inside = _contents(name, names)
        about = [f".. automodule:: {name}"]
        if not inside:
            about += ["   :members:", "   :member-order: bysource", "   :show-inheritance:"]
        pages[name] = _titled(name.removeprefix("course_lib."), "\n".join(about), inside)
    return pages


INTRODUCTION = """\
``course_lib`` holds the models of the course. Each page below is made of the docstrings of one
module; a number after *Notebook* leads to the chapter that tells the story."""


def _titled(title: str, *blocks: str) -> str:
    return "\n\n".join([title, "=" * len(title), *filter(None, blocks)]) + "\n"


def _contents(package: str, names: Sequence[str]) -> str:
    inside = [name for name in names if name.rpartition(".")[0] == package]
    if not inside:
        return ""
    entries = [f"   {name.removeprefix(f'{package}.')} <{name}>" for name in inside]
    return "\n".join([".. toctree::", "   :maxdepth: 1", "", *entries])


def as_restructured_text(lines: list[str], course: Sequence[Chapter]) -> list[str]:
    r"""Return a docstring whose plain formulas reStructuredText leaves alone, and links chapters.

    The docstrings are plain text with formulas such as ``|k_m| < 1`` and ``x[t] * phi_``, in which
    Sphinx would see substitutions, emphasis and references. A backslash before each such sign
    keeps it as it is; what stands between backticks, and in an indented example after ``::``,
    stays. "Notebook: 03" becomes a link to the chapter.
    """
    pages = {chapter.number: chapter.stem for chapter in course}
    told = []
    literal = -1  # the indentation of the paragraph whose `::` begins an example
    for line in lines:
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


def _escaped(line: str) -> str:
    pieces = LITERAL.split(line)
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            piece = re.sub(r"(?<!\\)([|*])", r"\\\1", piece)
            pieces[i] = re.sub(r"(?<=\w)_(?=\W|$)", r"\\_", piece)
    return "".join(pieces)


def _with_stories(line: str, pages: dict[str, str]) -> str:
    def linked(number: re.Match[str]) -> str:
        stem = pages.get(number[0])
        return number[0] if stem is None else f":doc:`{number[0]} </notebooks/{stem}>`"

    def story(match: re.Match[str]) -> str:
        return match[0].replace(match["numbers"], re.sub(r"\d\d", linked, match["numbers"]))

    return STORY.sub(story, line)
