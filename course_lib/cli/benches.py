"""The command that measures: bench."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from course_lib.cli.shared import Commands, working


def add_commands(commands: Commands) -> None:
    """Add bench."""
    command = commands.add_parser("bench", help="speed and size against other libraries")
    command.add_argument("--only", metavar="GROUP", help="one group, such as ar")
    command.add_argument(
        "--json", type=Path, metavar="FILE", help="write the rows to this file, too"
    )
    command.set_defaults(run=_bench)


def _bench(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from course_lib.benchmarks import GROUPS, Row, run
    from course_lib.core import check_writable, write_text

    groups = GROUPS if options.only is None else (options.only,)
    if options.json is not None:
        check_writable(options.json)
    rows = []
    for group in groups:
        table = Table("what", "ours", "peer's", "ratio", "goal", "peer", title=f"group {group}")
        with working(f"measuring group {group}"):
            for line in run(group):
                if isinstance(line, Row):
                    rows.append(line)
                    sign = "≤" if line.at_most else "≥"
                    goal = f"{sign} {line.goal:g} {'✓' if line.met else '✗'}"
                    ours, theirs = (
                        f"{value:{',.0f' if value >= 1000 else '.3g'}} {line.unit}"
                        for value in (line.ours, line.theirs)
                    )
                    table.add_row(line.name, ours, theirs, f"{line.ratio:.2f}", goal, line.peer)
                else:
                    table.add_row(line.name, "—", "—", "—", "—", line.reason)
        Console(width=None if sys.stdout.isatty() else 120).print(table)
    if options.json is not None:
        text = json.dumps([row.as_json() for row in rows], indent=2, ensure_ascii=False)
        write_text(options.json, text + "\n")
    return 0
