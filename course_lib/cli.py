"""The `course` command: arguments in, messages and exit status out.

Exit status: 0 all went well; 1 a notebook or a comparison failed; 2 bad usage or bad
input; 130 Ctrl-C; 141 nobody reads the output any more (as in `course list | head -1`).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.runner.chapters import chapters, choose

if TYPE_CHECKING:
    from course_lib.audio import Clip
    from course_lib.core import LevelScorer, Sampler
    from course_lib.runner.learners import Copies

WORKSPACE = Path("workspace")
"""Where the learner's copies go, in the current folder."""

SPEECH_RATE = 8000
"""The sample rate in Hz at which the course's models of speech work."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `course` command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):  # Windows may still default to an old code page
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    parser = _parser()
    options, others = parser.parse_known_args(arguments)
    if others and options.command != "lab":
        parser.error(f"{options.command} does not know {' '.join(others)}")
    options.others = others
    try:
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains
        return 141
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except (OSError, ValueError) as error:  # the library's answers to bad input
        print(f"course {options.command}: {error}", file=sys.stderr)
        return 2
    except ArithmeticError as error:  # a benchmark whose two sides disagree
        print(f"course {options.command}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="course", description="Audio Generation, from Autoregression to Diffusion"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = commands.add_parser("list", help="the chapters, and the minutes each takes")
    command.set_defaults(run=_list)

    command = commands.add_parser("run", help="execute the notebooks into readable pages")
    command.add_argument("notebook", nargs="?", metavar="NB", help="only this one, such as 03")
    command.add_argument(
        "--in-place", action="store_true", help="store the outputs in the notebooks instead"
    )
    command.set_defaults(run=_run)

    command = commands.add_parser("student", help="write the learner's copies, solutions cleared")
    command.add_argument("folder", nargs="?", type=Path, default=WORKSPACE, metavar="DIR")
    command.set_defaults(run=_student)

    command = commands.add_parser(
        "lab",
        help="write the learner's copies and open JupyterLab",
        epilog="Other options go to JupyterLab, such as --no-browser or --port 8889.",
    )
    command.set_defaults(run=_lab)

    command = commands.add_parser("bench", help="speed and size against other libraries")
    command.add_argument("--only", metavar="GROUP", help="one group, such as ar")
    command.add_argument(
        "--json", type=Path, metavar="FILE", help="write the rows to this file, too"
    )
    command.set_defaults(run=_bench)

    command = commands.add_parser("sample", help="fit a model to a recording and let it make sound")
    command.add_argument("model", choices=sorted(SAMPLERS))
    command.add_argument("--from", dest="source", type=Path, required=True, metavar="FILE")
    command.add_argument("--seconds", type=float, default=3.0)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--order", type=int, default=16, help="coefficients (default 16)")
    command.add_argument("--channel", type=int, help="of a stereo file: 0 or 1")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.wav")
    command.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    command.set_defaults(run=_sample)

    command = commands.add_parser("score", help="bits per sample that a model needs for a file")
    command.add_argument("model", choices=sorted(SCORERS))
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--order", type=int, default=16, help="coefficients (default 16)")
    command.add_argument("--channel", type=int, help="of a stereo file: 0 or 1")
    command.set_defaults(run=_score)
    return parser


def _list(options: argparse.Namespace) -> int:
    for chapter in chapters():
        title, minutes = chapter.describe()
        print(f"{chapter.number}  {title}" + (f"  ({minutes} minutes)" if minutes else ""))
    return 0


def _run(options: argparse.Namespace) -> int:
    course = chapters()
    chosen = course if options.notebook is None else [choose(course, options.notebook)]
    from course_lib.runner.course import run_course
    from course_lib.runner.execute import NotebookFailed

    try:
        run_course(chosen, course, in_place=options.in_place)
    except NotebookFailed as failure:
        print(f"course run: {failure}", file=sys.stderr)
        return 1
    return 0


def _student(options: argparse.Namespace) -> int:
    from course_lib.runner.learners import write_copies

    return _report(write_copies(chapters(), options.folder))


def _lab(options: argparse.Namespace) -> int:
    from course_lib.runner.lab import open_lab
    from course_lib.runner.learners import write_copies

    _report(write_copies(chapters(), WORKSPACE))
    return open_lab(WORKSPACE, options.others)


def _report(copies: Copies) -> int:
    for path in copies.written:
        print(f"new   {path}")
    for path in copies.kept:
        print(f"kept  {path} (yours; delete or rename it to get a fresh copy)")
    return 0


def _bench(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from course_lib.benchmarks import GROUPS, Row, run

    groups = GROUPS if options.only is None else (options.only,)
    if options.json is not None and not options.json.parent.is_dir():
        raise FileNotFoundError(f"cannot write {options.json}: no folder {options.json.parent}")
    if options.json is not None and options.json.is_dir():
        raise IsADirectoryError(f"need a file for --json, but {options.json} is a folder")
    rows = []
    for group in groups:
        table = Table("what", "ours", "peer's", "ratio", "goal", "peer", title=f"group {group}")
        with _working(f"measuring group {group}"):
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
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _sample(options: argparse.Namespace) -> int:
    from course_lib.audio import Clip, write
    from course_lib.core import check_number, seeded

    if options.output.exists() and not options.overwrite:
        raise FileExistsError(f"{options.output} exists already; pass --overwrite to replace it")
    length = round(check_number(options.seconds, "--seconds", above=0, below=3600) * SPEECH_RATE)
    rng = seeded(options.seed)
    clip = _read_speech(options.source, options.channel)
    with _working(f"fitting {options.model} to {options.source} and sampling"):
        model = SAMPLERS[options.model](clip, options.order)
        sound = Clip(model.sample(length, rng=rng)[0], SPEECH_RATE)
    sound = sound.with_peak() if sound.peak > 1 else sound
    write(options.output, sound, overwrite=options.overwrite)
    print(f"{options.output}: {sound.duration:g} s at {SPEECH_RATE} Hz from {model}")
    return 0


def _score(options: argparse.Namespace) -> int:
    from course_lib.evaluation import bits_per_sample
    from course_lib.features import MuLaw

    clip, encoding = _read_speech(options.file, options.channel), MuLaw()
    if clip.peak > 1:  # resampling may overshoot
        print(f"{options.file}: scaled from a peak of {clip.peak:.3f} to 1", file=sys.stderr)
        clip = clip.with_peak(1.0)
    with _working(f"scoring {options.file}"):
        model = SCORERS[options.model](options.order)
        score = bits_per_sample(model, clip, encoding)
    nats = -score.bits * score.samples * math.log(2)
    print(f"{options.file}: {score} bits per sample, log-likelihood {nats:.1f} nats ({score.kind})")
    print(f"  {encoding.name} at {SPEECH_RATE} Hz, {score.samples} samples; {model}")
    return 0


def _fit_ar(clip: Clip, order: int) -> Sampler:
    from course_lib.models.ar import AR

    return AR.fit(clip, order, method="burg")


def _adaptive_ar(order: int) -> LevelScorer:
    from course_lib.models.adaptive_ar import AdaptiveAR

    return AdaptiveAR(order=order)  # fitted on the past only: it needs no other recording


SAMPLERS: dict[str, Callable[[Clip, int], Sampler]] = {"ar": _fit_ar}
"""Models that `course sample` knows: from a recording and an order to something that sounds."""

SCORERS: dict[str, Callable[[int], LevelScorer]] = {"ar": _adaptive_ar}
"""Models that `course score` knows: from an order to something with a likelihood of levels."""


def _read_speech(path: Path, channel: int | None = None) -> Clip:
    from course_lib.audio import read, resample

    return resample(read(path, channel=channel), SPEECH_RATE)


def _working(what: str) -> AbstractContextManager[object]:
    """Show on a terminal that something is going on."""
    from rich.console import Console

    return Console(stderr=True).status(what)
