"""Which chapters a change touches: their own cells, or what they use of the library."""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from course_lib.core import checkout
from course_lib.editions.chapters import Chapter


def chapters_since(revision: str, course: Sequence[Chapter]) -> list[Chapter]:
    """Return the chapters whose code or whose part of the library differs from a revision's.

    A chapter counts where a code cell of it was changed, where a module that it imports was, at
    once or through others, or where anything in data/ was. What is not committed counts, too.

    Raises
    ------
    ValueError
        Where the course does not lie in a git repository, or it has no such revision.
    """
    root = checkout()
    if root is None:
        raise ValueError("--since needs a checkout of the course, and this is an installed copy")
    _git(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    changed = set(_git(root, "diff", "--name-only", revision, "--").splitlines())
    changed |= set(_git(root, "ls-files", "--others", "--exclude-standard").splitlines())
    if any(name.startswith("data/") for name in changed):
        return list(course)
    return [
        chapter
        for chapter in course
        if _code_differs(chapter, root, revision, changed)
        or changed & used_files(code_of(chapter.path.read_text(encoding="utf-8")), root)
    ]


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["git failed"])[0]
        raise ValueError(f"--since needs a revision that git knows, such as main or HEAD~3: {why}")
    return done.stdout


def _code_differs(chapter: Chapter, root: Path, revision: str, changed: Iterable[str]) -> bool:
    name = f"notebooks/{chapter.path.name}"
    if name not in changed:
        return False
    if not _git(root, "ls-tree", "--name-only", revision, name):
        return True  # it is new
    before = code_of(_git(root, "show", f"{revision}:{name}"))
    return before != code_of(chapter.path.read_text(encoding="utf-8"))


def code_of(notebook: str) -> str:
    """Return the code of a notebook, given as the content of its file."""
    cells = json.loads(notebook)["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def used_files(code: str, root: Path) -> set[str]:
    """Return the files of `course_lib` that some code needs, at once or through others."""
    found: set[str] = set()
    waiting = _imported(code, root)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= _imported((root / name).read_text(encoding="utf-8"), root) - found
    return found


def _imported(code: str, root: Path) -> set[str]:
    """Return the files of the library that some code imports, wherever it does so."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    files = set()
    for name in names:
        parts = name.split(".")
        if parts[0] != "course_lib":
            continue
        packages = ["/".join(parts[:n]) + "/__init__.py" for n in range(1, len(parts) + 1)]
        files |= {file for file in [*packages, "/".join(parts) + ".py"] if (root / file).is_file()}
    return files
