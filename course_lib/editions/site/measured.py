"""The page of what was measured: the tables of `course bench` that lie beside the data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from course_lib.benchmarks import Row
from course_lib.evaluation.showdown import from_json, showdown_table

QUALITY, SPEED = "quality.json", "benchmarks.json"
"""What ``course bench quality --json`` and ``course bench --json`` write into the data folder."""

NEEDED = {"group", "machine", "commit", *(field.name for field in fields(Row))}
"""What each row of the second file has."""

BEGINNING = """\
# Measurements

What `course bench` measured, and what you can measure anew on your machine: `make bench` prints
the tables of speed and size, `course bench quality` those of the models.
"""


def measured_page(data: Path) -> str:
    """Return the page of the tables that a data folder holds, as Markdown.

    Raises
    ------
    ValueError
        For a stored table that lacks what the page tells; the message says how to write it anew.
    """
    parts = [BEGINNING, "## How well the models do", ""]
    parts += _quality(data / QUALITY) if (data / QUALITY).is_file() else [_absent(QUALITY)]
    parts += ["", "## Speed and size against other libraries", ""]
    parts += _speed(data / SPEED) if (data / SPEED).is_file() else [_absent(SPEED)]
    return "\n".join(parts) + "\n"


def _absent(name: str) -> str:
    return f"No table is stored here: `{_command(name)}` writes one."


def _command(name: str) -> str:
    return f"course bench{' quality' if name == QUALITY else ''} --json data/{name}"


def _quality(path: Path) -> list[str]:
    """Return a table of each block of models that were judged by the same sound."""
    lines = []
    for block in json.loads(path.read_bytes()).values():
        told = showdown_table(from_json(block["results"]), block["sizes"], grid=block["title"])
        lines += [f"**{told.caption}**", "", *_table(told.columns, told.rows), ""]
    return lines


def _speed(path: Path) -> list[str]:
    """Return a table of each group, under the machine and the commit of which it is."""
    rows = json.loads(path.read_bytes())
    if not rows or not all(row.keys() >= NEEDED for row in rows):
        raise ValueError(
            f"need rows with {', '.join(sorted(NEEDED))} in {path}; try {_command(SPEED)}"
        )
    lines = [
        "A speed's ratio is the peer's processor time over ours: 5 is five times as fast. A"
        " size's ratio is our size over the peer's.",
        "",
    ]
    columns = ["what", "ours", "the peer's", "ratio", "goal", "peer"]
    for group in dict.fromkeys(row["group"] for row in rows):
        mine = [row for row in rows if row["group"] == group]
        places = {f"{row['machine']}, commit {row['commit'] or 'unknown'}" for row in mine}
        lines += [f"### {group}", "", f"Measured on {'; '.join(sorted(places))}.", ""]
        lines += [*_table(columns, [_row(row).cells() for row in mine]), ""]
    return lines


def _row(stored: Mapping[str, Any]) -> Row:
    return Row(**{field.name: stored[field.name] for field in fields(Row)})


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [columns, ["---"] * len(columns), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
