"""The `course` command: arguments in, messages and exit status out.

Exit status: 0 all went well; 1 a notebook or a comparison failed, words of a text may be
missing, or `course doctor` found something broken; 2 bad usage, bad input or no place for the
output; 70 a fault of the course; 130 Ctrl-C; 141 nobody reads the output any more (as in
`course list | head -1`). What went wrong is told in one line; `course --debug COMMAND` shows where.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn, TextIO

from course_lib.cli import benches, compressing, course, sampling, scoring, speaking, training


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `course` command and return its exit status."""
    _open_streams()
    options = argparse.Namespace(command=None, debug=False)
    try:
        try:
            _, options.others = _parser().parse_known_args(arguments, options)
            if options.others and options.command != "lab":
                raise ValueError(f"does not know {' '.join(options.others)}")
            return int(options.run(options))
        finally:
            _flush()
    except SystemExit:  # argparse has shown its help
        raise
    except BaseException as error:
        return _tell(error, options)


BROKEN = 70
"""The exit status of a fault of the course, as sysexits.h has it."""

STATUSES: tuple[tuple[type[BaseException], int], ...] = (
    (BrokenPipeError, 141),
    (KeyboardInterrupt, 130),
    (OSError, 2),
    (ValueError, 2),
    (ModuleNotFoundError, 2),  # of an extra, which the message names
    (OverflowError, BROKEN),
    (ZeroDivisionError, BROKEN),
    (ArithmeticError, 1),  # a benchmark whose two sides disagree
)
"""What the library's answers to bad input, and other ends, mean; all else is a fault of ours."""


def _tell(error: BaseException, options: argparse.Namespace) -> int:
    """Say in one line what went wrong, and return the exit status that stands for it."""
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), BROKEN)
    command = "course" if options.command is None else f"course {options.command}"
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if isinstance(error, OSError) and error.strerror is not None:
        text = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    told = f"{command}: {text}"
    if status == BROKEN:
        told = (
            f"{command}: {type(error).__name__}: {text or 'no more is known'}; this is a fault of "
            f"the course, and {command.replace('course', 'course --debug', 1)} ... shows where"
        )
    lines = [" ".join(told.split())]
    if isinstance(error, KeyboardInterrupt):
        lines = ["interrupted"]
    if isinstance(error, BrokenPipeError):  # nobody listens
        lines = []
    if options.debug:
        lines = ["".join(traceback.format_exception(error)).rstrip(), *lines]
    try:
        print(*lines, sep="\n", end="\n" if lines else "", file=sys.stderr, flush=True)
    except OSError:  # the status is all that can be told
        _discard(sys.stderr)
    return status


def _open_streams() -> None:
    """Let no stream be closed, or stumble over a letter.

    The null device takes the place of a closed stream, and its number, which the next file to be
    opened would get otherwise. Windows may still default to an old code page, and the name of a
    file may be no text in any.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _flush() -> None:
    """Write what was printed; where that fails, Python shall not try again at the end."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise
        raise OSError(f"cannot write the output: {error.strerror}") from error


def _discard(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are told where all others are."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}; {self.prog} --help says more")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="course",
        description="Audio Generation, from Autoregression to Diffusion",
        epilog="Exit status: 0 all went well; 1 a notebook or a comparison failed, words of a "
        "text may be missing, or doctor found something broken; 2 bad usage, bad input or no "
        "place for the output; 70 a fault of the course; 130 stopped by Ctrl-C; 141 nobody reads "
        "the output any more.",
    )
    parser.add_argument(
        "--debug", action="store_true", help="show where an error comes from, before the command"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    for group in (course, benches, training, sampling, speaking, scoring, compressing):
        group.add_commands(commands)
    return parser
