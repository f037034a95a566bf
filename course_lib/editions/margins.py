"""How near the claims of the notebooks are to failing, and how far they move between processors."""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import threadpoolctl
import torch
from rich.console import Console
from rich.table import Table
from rich.text import Text

from course_lib.core import write_text
from course_lib.editions.chapters import Chapter, build_folder
from course_lib.teaching.margins import VARIABLE

FIFTH = 0.2
"""How much of its threshold a claim keeps away from it, and how much of that it may move."""

Row = dict[str, Any]
"""One claim: notebook, cell, sentence, holds, and the fields of `course_lib.teaching.Margin`."""


@contextmanager
def recording(chapters: Sequence[Chapter], folder: Path | None = None) -> Iterator[None]:
    """Let the claims of notebooks that run meanwhile record their margins; store and show them.

    They lie in `folder` (build/margins where None), one file for each kind of processor.
    What a notebook recorded before it failed is shown as well. The file of this kind of processor
    keeps its rows of other notebooks.

    Raises
    ------
    ValueError
        Where a file of the folder does not hold margins.
    """
    folder = build_folder() / "margins" if folder is None else folder
    kind = processor()
    kinds = {path.stem: load(path) for path in sorted(folder.glob("*.json"))}
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "claims.jsonl"
        os.environ[VARIABLE] = str(file)
        try:
            yield
        finally:
            del os.environ[VARIABLE]
            rows = collect(file, chapters)
            ran = {row["notebook"] for row in rows}
            kept = [row for row in kinds.pop(kind, []) if row["notebook"] not in ran]
            stored = sorted([*kept, *rows], key=lambda row: (row["notebook"], row["cell"]))
            write_text(folder / f"{kind}.json", json.dumps(stored, indent=1, ensure_ascii=False))
            console = Console(width=None if sys.stdout.isatty() else 160)
            show(compare(rows, list(kinds.values())), kind, list(kinds), console)


def processor() -> str:
    """Return the kind of processor whose instructions torch and OpenBLAS use: "AVX2-Haswell".

    Both can be told to use an older kind's: ``ATEN_CPU_CAPABILITY=default`` and
    ``OPENBLAS_CORETYPE=Nehalem``.
    """
    libraries = threadpoolctl.threadpool_info()
    blas = {library["architecture"] for library in libraries if "architecture" in library}
    return "-".join([torch.backends.cpu.get_cpu_capability(), *sorted(blas)])


def load(path: Path) -> list[Row]:
    """Read the rows of one kind of processor.

    Raises
    ------
    ValueError
        Where the file does not hold margins.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(rows, list):
            raise TypeError
        [(row["notebook"], row["cell"], row["sentence"], row["distance"]) for row in rows]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} does not hold margins; delete it") from error
    return rows


def collect(file: Path, chapters: Sequence[Chapter]) -> list[Row]:
    """Return what claims recorded, each with its notebook and the number of its cell.

    A claim knows the source of its cell, which names both.
    """
    places = {
        cell.source.strip(): {"notebook": chapter.stem, "cell": index + 1}
        for chapter in chapters
        for index, cell in enumerate(nbformat.read(chapter.path, as_version=4).cells)
    }
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    recorded = [json.loads(line) for line in lines]
    edited = {"notebook": "unknown", "cell": 0}  # since its kernel read it
    return [row | places.get(row["cell"].strip(), edited) for row in recorded]


def compare(rows: Sequence[Row], others: Sequence[Sequence[Row]]) -> list[Row]:
    """Return the rows with two more fields, the nearest to failing first.

    moved : by how much the distance differs, at most, from that on the `others`; None unknown
    flag : "moves" where that is more than a fifth of the distance; otherwise "near" where it is
        anything at all, and the distance is below a fifth of the threshold; otherwise ""
    """
    known = [_named(other) for other in others]
    compared = []
    for name, row in _named(rows).items():
        distance, relative = row["distance"], row["relative"]
        theirs = [other[name]["distance"] for other in known if name in other]
        moves = [abs(distance - d) for d in theirs if None not in (distance, d)]
        moved, flag = max(moves, default=None), ""
        if moved is not None and moved > FIFTH * abs(distance):
            flag = "moves"
        elif moved and relative is not None and relative < FIFTH:
            flag = "near"
        compared.append(row | {"moved": moved, "flag": flag})
    return sorted(compared, key=_nearness)


def show(rows: Sequence[Row], kind: str, others: Sequence[str], console: Console) -> None:
    """Print a table of rows from `compare`, and in one line what it comes to."""
    table = Table(box=None, header_style="bold")
    for heading in ("distance", "value", "threshold", *(["moved", ""] if others else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("notebook, cell: claim")
    for row in rows:
        distance = "" if row["distance"] is None else f"{row['distance']:.3g}"
        if row["relative"] is not None:
            distance = f"{row['relative']:.1%}"
        moved = "" if row["moved"] is None else f"{row['moved']:.2g}"
        table.add_row(
            distance,
            *("" if row[side] is None else f"{row[side]:.4g}" for side in ("value", "threshold")),
            *([moved, row["flag"]] if others else []),
            Text(
                f"{row['notebook'][:2]}, {row['cell']}: {row['sentence']}"
                + ("" if row["distance"] is not None else f" [{row['reason']}]")
                + ("" if row["holds"] else " [does not hold]")
            ),
        )
    console.print(table)
    measured = sum(row["distance"] is not None for row in rows)
    counts = Counter(row["flag"] for row in rows)
    text = f"{kind}: {measured} of {len(rows)} claims could be measured"
    if others:
        text += (
            f"; {counts['moves']} move and {counts['near']} are near, against {', '.join(others)}"
        )
    console.print(text, highlight=False, soft_wrap=True)


def _named(rows: Sequence[Row]) -> dict[tuple[str, str, int], Row]:
    """Return the rows by notebook, sentence, and how often it was said before."""
    said: Counter[tuple[str, str]] = Counter()
    named = {}
    for row in rows:
        name = (row["notebook"], row["sentence"])
        named[*name, said[name]] = row
        said[name] += 1
    return named


def _nearness(row: Row) -> float:
    """Return what claims are sorted by; those that could not be measured stand last."""
    if row["distance"] is None:
        return math.inf
    return row["distance"] if row["relative"] is None else row["relative"]
