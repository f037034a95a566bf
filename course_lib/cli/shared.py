"""What several commands need: options, files read and written, signs of progress."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.progress import Progress

    from course_lib.audio import Clip


SPEECH_RATE = 8000
"""The sample rate in Hz at which the classical models of speech work."""

ORDER, SECONDS, TEMPERATURE = 16, 3.0, 1.0
"""What `--order`, `--seconds` and `--temperature` are where nothing else is said."""

FLAGS = {"source": "from", "label": "class"}
"""What options are called at the command line, where that is another name."""

DIFFUSION = ("label", "steps", "guidance", "sampler")
"""The options of `course sample` that are for diffusion models."""


MODEL = "ar, a trained model that `course zoo` lists, or the folder of a finished run"
"""What MODEL may be."""

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What a group adds its commands to."""


def add_order(command: argparse.ArgumentParser) -> None:
    """Add --order, of what is fitted."""
    command.add_argument("--order", type=int, help=f"coefficients of ar (default {ORDER})")


def add_voice_and_channel(command: argparse.ArgumentParser) -> None:
    """Add what says whom a model imitates, and what it hears: --voice and --channel."""
    command.add_argument("--voice", metavar="NAME", help="of a network that has several")
    command.add_argument("--channel", type=int, help="of a stereo file: 0 or 1")


def add_diffusion_options(command: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the group of options that are for diffusion models, and --class to it."""
    group = command.add_argument_group("diffusion models, such as diffusion-percussion")
    group.add_argument("--class", dest="label", metavar="NAME", help="such as snare (default any)")
    return group


def add_seed(command: argparse.ArgumentParser) -> None:
    """Add --seed, of what is drawn."""
    command.add_argument("--seed", type=int, default=0)


def add_output_options(command: argparse.ArgumentParser) -> None:
    """Add what says where a sound goes: --output and --overwrite."""
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.wav")
    command.add_argument("--overwrite", action="store_true", help="replace a file that exists")


def check_output(path: Path, overwrite: bool) -> None:
    """Say before the work what `audio.write` would say after it."""
    from course_lib.audio import check_target

    check_replaced(path, overwrite)
    check_target(path, overwrite=overwrite)


def check_replaced(path: Path, overwrite: bool) -> None:
    """Say before the work what writing any file there would say after it."""
    from course_lib.core import check_writable

    if path.is_file() and not overwrite:
        raise FileExistsError(f"{path} exists already; pass --overwrite to replace it")
    check_writable(path)


def refuse(options: argparse.Namespace, why: str, *names: str) -> None:
    """Refuse options that this model has no use for."""
    for name in names:
        if getattr(options, name) is not None:
            raise ValueError(f"--{FLAGS.get(name, name)} {why}")


def read_at(path: Path, sample_rate: int, channel: int | None = None) -> Clip:
    from course_lib.audio import read, resample

    return resample(read(path, channel=channel), sample_rate)


def read_prepared(path: Path, sample_rate: int, channel: int | None) -> Clip:
    """Read a clip that can be quantised."""
    clip = read_at(path, sample_rate, channel)
    if clip.peak > 1:  # resampling may overshoot
        print(f"{path}: scaled from a peak of {clip.peak:.3f} to 1", file=sys.stderr)
        clip = clip.with_peak(1.0)
    return clip


def working(what: str) -> AbstractContextManager[object]:
    """Show on a terminal that something is going on."""
    from rich.console import Console
    from rich.markup import escape

    return Console(stderr=True).status(escape(what))  # the name of a file may hold brackets


def progress_bar(shown: bool = True) -> Progress:
    """A bar on a terminal with the time left; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeLeft(),
    )
    hidden = not (shown and console.is_terminal)
    return Progress(*columns, console=console, transient=True, disable=hidden)
