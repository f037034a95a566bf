"""Commands around the notebooks: list, run, prepare, student, lab, site, doctor."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.cli.shared import Commands

if TYPE_CHECKING:
    from course_lib.editions.chapters import Chapter
    from course_lib.editions.learners import Copies


WORKSPACE = Path("workspace")
"""Where the learner's copies go, in the current folder."""


def add_commands(commands: Commands) -> None:
    """Add list, run, prepare, student, lab, site and doctor."""
    command = commands.add_parser("list", help="the chapters, and the minutes each takes")
    command.set_defaults(run=_list)

    command = commands.add_parser("run", help="execute the notebooks into readable pages")
    which = command.add_mutually_exclusive_group()
    which.add_argument("notebook", nargs="?", metavar="NB", help="only this one, such as 03")
    which.add_argument(
        "--since", metavar="REV", help="only those whose code or library changed since a revision"
    )
    outputs = command.add_mutually_exclusive_group()
    outputs.add_argument(
        "--in-place", action="store_true", help="store the outputs in the notebooks instead"
    )
    outputs.add_argument(
        "--margins", action="store_true", help="show how far each claim is from failing, too"
    )
    command.add_argument(
        "--stop-early", action="store_true", help="stop at the first notebook that fails"
    )
    command.set_defaults(run=_run)

    command = commands.add_parser(
        "prepare", help="compile the loops once, so that no chapter waits for it (make does it)"
    )
    command.set_defaults(run=_prepare)

    command = commands.add_parser("student", help="write the learner's copies, solutions cleared")
    command.add_argument("folder", nargs="?", type=Path, default=WORKSPACE, metavar="DIR")
    command.set_defaults(run=_student)

    command = commands.add_parser(
        "lab",
        help="write the learner's copies and open JupyterLab",
        epilog="Other options go to JupyterLab, such as --no-browser or --port 8889.",
    )
    command.set_defaults(run=_lab)

    command = commands.add_parser(
        "site", help="build the web site from the outputs that the notebooks hold (make site)"
    )
    command.add_argument(
        "--zip", action="store_true", help="pack it into one file, too, to be read offline"
    )
    command.set_defaults(run=_site)

    command = commands.add_parser(
        "doctor", help="what this machine has of all that the course needs, for reports of faults"
    )
    command.set_defaults(run=_doctor)


def _list(options: argparse.Namespace) -> int:
    for chapter in _chapters():
        title, minutes = chapter.describe()
        print(f"{chapter.number}  {title}" + (f"  ({minutes} minutes)" if minutes else ""))
    return 0


def _chapters() -> list[Chapter]:
    from course_lib.editions.chapters import chapters, check_course_here

    check_course_here()
    return chapters()


def _run(options: argparse.Namespace) -> int:
    from course_lib.editions.chapters import build_folder, choose

    course = _chapters()
    chosen = course if options.notebook is None else [choose(course, options.notebook)]
    if options.since is not None:
        from course_lib.editions.changes import chapters_since

        chosen = chapters_since(options.since, course)
        print(f"changed: {', '.join(chapter.number for chapter in chosen) or 'no chapter'}")
        if not chosen:
            return 0
    from course_lib.editions.course import pages_folder, run_course

    pages = None if options.in_place else pages_folder()
    if pages is not None and not pages.is_relative_to(build_folder()):
        print(f"{build_folder().parent} is read-only; the pages go into {pages}")
    with_margins: AbstractContextManager[None] = nullcontext()
    if options.margins:
        from course_lib.editions.margins import recording

        with_margins = recording(chosen)
    with with_margins:
        failures = run_course(chosen, course, pages=pages, stop_early=options.stop_early)
    for failure in failures:
        print(f"course run: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _prepare(options: argparse.Namespace) -> int:
    from course_lib.editions.prepare import STEPS

    for number, (name, step) in enumerate(STEPS.items(), start=1):
        print(f"compiling {number} of {len(STEPS)}: {name}", flush=True)
        step()
    return 0


def _student(options: argparse.Namespace) -> int:
    from course_lib.editions.learners import write_copies

    return _report(write_copies(_chapters(), options.folder))


def _lab(options: argparse.Namespace) -> int:
    from course_lib.editions.lab import open_lab
    from course_lib.editions.learners import write_copies

    copies = write_copies(_chapters(), WORKSPACE)
    _report(copies)
    print(f"your copies are in {WORKSPACE.resolve()}")
    first = next((path.name for path in copies.written if path.name.startswith("00_")), None)
    return open_lab(WORKSPACE, options.others, notebook=first)


def _site(options: argparse.Namespace) -> int:
    from course_lib.editions.chapters import build_folder
    from course_lib.editions.site.build import build_site, check_tools, pack_site

    check_tools()
    folder = build_folder() / "site"
    build_site(_chapters(), folder)
    print(f"open {folder / 'index.html'}")
    if options.zip:
        packed = build_folder() / "audio-generation-course.zip"
        pack_site(folder, packed)
        print(f"packed into {packed}")
    return 0


SIGNS = {"well": "✓", "missing": "○", "broken": "✗"}
"""What stands before a finding of `course doctor`."""


def _doctor(options: argparse.Namespace) -> int:
    from course_lib.editions.doctor import examine

    broken = False
    for finding in examine():
        advice = f": {finding.advice}" if finding.advice else ""
        print(f"{SIGNS[finding.state]} {finding.name:20} {finding.told}{advice}", flush=True)
        broken |= finding.state == "broken"
    return 1 if broken else 0


def _report(copies: Copies) -> int:
    for path in copies.written:
        print(f"new   {path}")
    for path in copies.kept:
        print(f"kept  {path} (yours; delete or rename it to get a fresh copy)")
    return 0
