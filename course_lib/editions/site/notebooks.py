"""A chapter as the site shows it: solutions folded, exercises with headings, the library linked."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_lib.editions.chapters import Chapter
from course_lib.editions.learners import clear_solutions
from course_lib.editions.notebooks import read
from course_lib.editions.site.places import REPOSITORY, run_row
from course_lib.teaching.exercises import exercises

MARKER = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION[ \t]*(?:\n|\Z)", re.MULTILINE)
"""A line that says where a solution begins or ends."""

EXERCISE = re.compile(r"^\*\*(?P<id>\d\d\.\d)\b *(?P<title>.*?)\*\*[ \t]*", re.MULTILINE)
"""How the text of an exercise begins, such as ``**03.2 Levinson's step.**``"""

FOLD = {"tags": ["hide-input"], "mystnb": {"code_prompt_show": "Show the solution"}}
"""What tells MyST-NB to fold the code of a cell away, and what stands on the fold."""


def site_notebook(chapter: Chapter) -> NotebookNode:
    """Return a chapter's notebook, with its stored outputs, as the site shows it.

    Raises
    ------
    ValueError
        Where the file is not a notebook, or a solution begins and does not end.
    """
    notebook = read(chapter)
    empty = clear_solutions(notebook)
    cells: list[NotebookNode] = []
    for cell, cleared in zip(notebook.cells, empty.cells, strict=True):
        if cell.cell_type == "markdown":
            cell.source = with_exercise_headings(cell.source)
        elif MARKER.search(cell.source):
            cells.append(new_code_cell(cleared.source, id=f"{cell.id}-to-do"[-64:]))
            cell.source = MARKER.sub("", cell.source).rstrip()
            cell.metadata.update(FOLD)
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
            drawn = {"image": {"alt": in_words(cell.source)}}
            cell.metadata["mystnb"] = {**cell.metadata.get("mystnb", {}), **drawn}
        cells.append(cell)
    if row := run_row(chapter, REPOSITORY):
        cells.insert(1, new_markdown_cell(row, id="run-this-chapter"))
    if used := used_in_library(notebook):
        cells.append(new_markdown_cell(_foot(used), id="used-in-library"))
    notebook.cells = cells
    return notebook


def with_exercise_headings(text: str) -> str:
    """Return Markdown in which each exercise has a heading, and an anchor such as exercise-03-2."""

    def heading(begins: re.Match[str]) -> str:
        number = begins["id"]
        title = begins["title"] or exercises()[number].title
        anchor = f"exercise-{number.replace('.', '-')}"
        return f"({anchor})=\n### {number} {title.rstrip('.')}\n\n"

    return EXERCISE.sub(heading, text)


def in_words(source: str) -> str:
    """Return what the code of a figure says of it: its titles, axes and curves.

    They are read from arguments such as ``xlabel="time (s)"`` and ``ax.set_title("a vowel")``.
    """
    named: dict[str, list[str]] = {name: [] for name in ALTERNATIVES}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        method = node.func.attr.removeprefix("set_") if isinstance(node.func, ast.Attribute) else ""
        given = [(method, argument) for argument in node.args[:1]]
        given += [(keyword.arg or "", keyword.value) for keyword in node.keywords]
        for name, value in given:
            if name in named and isinstance(value, ast.Constant) and value.value:
                named[name].append(str(value.value))
    told = [
        f"{before} {', '.join(dict.fromkeys(named[name]))}."
        for name, before in ALTERNATIVES.items()
        if named[name]
    ]
    return " ".join(["Figure drawn by the code above.", *told]).replace("$", "")


ALTERNATIVES = {
    "title": "Titles:",
    "xlabel": "Horizontal:",
    "ylabel": "Vertical:",
    "label": "Shown:",
}
"""What arguments of matplotlib are called, and what stands before them in words."""


def used_in_library(notebook: NotebookNode) -> list[str]:
    """Return the full names of what a notebook uses of `course_lib`, sorted.

    A function counts where it is imported by its name, or read from a module that is: after
    ``from course_lib.applications import lpc``, ``lpc.analyse`` does. What the face of a package
    exports goes by the name that it has where it is defined.
    """
    imported: dict[str, object] = {}
    found: set[str] = set()
    trees = [ast.parse(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    for node in _nodes(trees):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_lib"):
            for alias in node.names:
                imported[alias.asname or alias.name] = _imported(str(node.module), alias.name)
    for node in _nodes(trees):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = imported.get(node.value.id)
            if isinstance(owner, ModuleType):
                found.add(_full_name(getattr(owner, node.attr)))
    found.update(map(_full_name, imported.values()))
    return sorted(name for name in found if name.startswith("course_lib."))


def _nodes(trees: list[ast.Module]) -> Iterator[ast.AST]:
    for tree in trees:
        yield from ast.walk(tree)


def _imported(module: str, name: str) -> object:
    """Return what ``from module import name`` gives: an attribute, or a module inside."""
    owner = importlib.import_module(module)
    return (
        getattr(owner, name)
        if hasattr(owner, name)
        else importlib.import_module(f"{module}.{name}")
    )


def _full_name(item: Any) -> str:
    """Return a function's, class's or method's full name; "" for a module or a value."""
    item = inspect.unwrap(item) if callable(item) else item
    named = not isinstance(item, ModuleType) and hasattr(item, "__qualname__")
    return f"{item.__module__}.{item.__qualname__}" if named else ""


def _foot(names: list[str]) -> str:
    """Return the section that ends a chapter: what it uses, by module, each a link."""
    modules: dict[str, list[str]] = {}
    for name in names:
        module, _, last = name.rpartition(".")
        modules.setdefault(module, []).append(f"{{py:obj}}`{last} <{name}>`")
    lines = [f"- {{py:mod}}`{module}`: {', '.join(links)}" for module, links in modules.items()]
    return "\n".join(
        ["## In the library", "", "What this chapter uses of `course_lib`:", "", *lines]
    )
