"""Showing the library's own source in a notebook, so that no copy can drift from it."""

from __future__ import annotations

import ast
import functools
import html
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygments
from jupyterlab_pygments import JupyterStyle
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

PACKAGE_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Source:
    """A piece of the library's source: HTML in a notebook, plain text elsewhere."""

    path: str
    code: str

    def __repr__(self) -> str:
        return f"# {self.path}\n{self.code}"

    def _repr_html_(self) -> str:
        # Inline styles name JupyterLab's own colours, so that the theme decides, light or dark.
        formatter = HtmlFormatter(
            style=JupyterStyle,
            noclasses=True,
            nobackground=True,
            prestyles="font-family:var(--jp-code-font-family,monospace)",
        )
        highlighted = pygments.highlight(self.code, PythonLexer(), formatter)
        return (
            '<div style="border-left:3px solid #0072B2;padding-left:0.8em">'
            f"<small>{html.escape(self.path)}</small>{highlighted}</div>"
        )


def show_source(item: Callable[..., Any] | type | property, *, docstring: bool = True) -> Source:
    """Return the source of a function, method, class or property of the library, highlighted.

    Parameters
    ----------
    item : the thing itself; compiled kernels and decorated functions are unwrapped
    docstring : pass False to leave out its documentation

    Raises
    ------
    TypeError
        For something that is not written in Python (a number, a function of C).
    """
    target: Any = item.fget if isinstance(item, property) else item
    if isinstance(target, functools.cached_property):
        target = target.func
    target = inspect.unwrap(target)
    try:
        code = textwrap.dedent(inspect.getsource(target)).rstrip()
        file = Path(inspect.getsourcefile(target) or "").resolve()
    except (TypeError, OSError) as error:
        raise TypeError(
            f"need a function or class written in Python, got {item!r}; "
            "pass the function itself, without calling it"
        ) from error
    inside = file.is_relative_to(PACKAGE_ROOT)
    path = file.relative_to(PACKAGE_ROOT.parent).as_posix() if inside else file.name
    return Source(path, code if docstring else _without_docstring(code))


def _without_docstring(code: str) -> str:
    definition = ast.parse(code).body[0]
    assert isinstance(definition, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
    if ast.get_docstring(definition) is None or len(definition.body) == 1:
        return code
    first = definition.body[0]
    lines = code.split("\n")
    del lines[first.lineno - 1 : first.end_lineno]
    if lines[first.lineno - 1].strip() == "":
        del lines[first.lineno - 1]
    return "\n".join(lines)
