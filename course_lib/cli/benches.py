"""The command that measures: bench."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from course_lib.cli.shared import Commands, refuse, working


def add_commands(commands: Commands) -> None:
    """Add bench."""
    command = commands.add_parser(
        "bench",
        help="speed and size against other libraries; quality: every model on the same sound",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  course bench --only ar\n  course bench quality --clips 6 --draws 4\n"
        "  course bench quality --only percussion --json quality.json\n"
        "  course bench quality --only voices --models gru-speech --json quality.json",
    )
    command.add_argument(
        "table", nargs="?", choices=["quality"], help="bits, distances and costs of every model"
    )
    command.add_argument(
        "--only", metavar="GROUP", help="one group, such as ar; of quality: speech, voices or "
        "percussion",
    )  # fmt: skip
    command.add_argument("--clips", type=int, metavar="N", help="of quality: only so many clips")
    command.add_argument("--draws", type=int, metavar="N", help="of quality: sounds (default 24)")
    command.add_argument(
        "--models", nargs="+", metavar="NAME", help="of quality: only these rows; with --only"
    )
    command.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write the rows to this file, too: group by group, in place of its older ones",
    )
    command.set_defaults(run=_bench)


def _bench(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from course_lib.benchmarks import GROUPS, Row, place, run
    from course_lib.core import check_writable, write_text

    if options.table == "quality":
        return _quality(options)
    refuse(options, "is for quality", "clips", "draws", "models")
    groups = GROUPS if options.only is None else (options.only,)
    stored: dict[str, list[dict[str, Any]]] = {}
    if options.json is not None:
        check_writable(options.json)
        for row in _earlier(options.json, [], "group"):
            stored.setdefault(row["group"], []).append(row)
    measured = place()
    for group in groups:
        rows = []
        table = Table("what", "ours", "peer's", "ratio", "goal", "peer", title=f"group {group}")
        with working(f"measuring group {group}"):
            for line in run(group):
                if isinstance(line, Row):
                    rows.append({"group": group, **line.as_json(), **measured})
                    table.add_row(*line.cells())
                else:
                    table.add_row(line.name, "—", "—", "—", "—", line.reason)
        Console(width=None if sys.stdout.isatty() else 120).print(table)
        if options.json is not None:
            stored[group] = rows
            every = [row for name in GROUPS for row in stored.get(name, [])]
            write_text(options.json, json.dumps(every, indent=2, ensure_ascii=False) + "\n")
    return 0


def _earlier(path: Path, empty: Any, *keys: str) -> Any:
    """Return what an earlier run stored in a file, or `empty` where there is no file.

    Parameters
    ----------
    path : of the file
    empty : a list or a dictionary, of whose kind the stored is
    keys : of each stored row or block

    Raises
    ------
    ValueError
        For a file that is no such table.
    """
    if not path.exists():
        return empty
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        found = None
    if type(found) is type(empty):
        parts = found.values() if isinstance(found, dict) else found
        if all(isinstance(part, dict) and part.keys() >= set(keys) for part in parts):
            return found
    raise ValueError(f"{path} holds something else than this table; name another file")


def _quality(options: argparse.Namespace) -> int:
    """Print a table of each block, and how neighbours in it differ."""
    from rich.console import Console
    from rich.table import Table

    from course_lib.benchmarks.quality import BLOCKS
    from course_lib.core import check_count, check_writable, write_text
    from course_lib.evaluation.showdown import as_json, from_json, neighbours, showdown_table

    if options.models and options.only is None:
        raise ValueError(f"need --only with --models: which block, out of {', '.join(BLOCKS)}")
    if options.only is not None and options.only not in BLOCKS:
        raise ValueError(f"need a block out of {', '.join(BLOCKS)}, got {options.only!r}")
    clips = None if options.clips is None else check_count(options.clips, "--clips", minimum=2)
    draws = 24 if options.draws is None else check_count(options.draws, "--draws", minimum=2)
    stored = {}
    if options.json is not None:
        check_writable(options.json)
        stored = _earlier(options.json, {}, "title", "sizes", "results")
    console = Console(width=None if sys.stdout.isatty() else 160)
    for name in BLOCKS if options.only is None else (options.only,):
        with working(f"measuring {name}"):
            block = BLOCKS[name](clips=clips, models=options.models)
            others = []
            if options.models and name in stored:
                if (stored[name]["title"], stored[name]["sizes"]) != (block.title, block.sizes):
                    raise ValueError(
                        f"{options.json} holds {name} of other clips; take as many clips, or "
                        "measure all models"
                    )
                others = from_json(stored[name]["results"])
            found = list(block.results(draws=draws))
            measured = {result.name for result in found}
            results = [each for each in others if each.name not in measured] + found
        rows, columns, caption = showdown_table(results, block.sizes, grid=block.title)
        table = Table(*columns, title=caption)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        for a, b, more in neighbours(results, block.sizes):
            verdict = "" if more.parts else "; no difference is claimed"
            console.print(f"{b} needs {more} bits per sample more than {a}{verdict}")
        if options.json is not None:
            stored[name] = {"title": block.title, "sizes": block.sizes, "results": as_json(results)}
            every = {each: stored[each] for each in BLOCKS if each in stored}
            write_text(options.json, json.dumps(every, ensure_ascii=False) + "\n")
    return 0
