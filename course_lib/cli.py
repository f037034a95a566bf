"""The `course` command: arguments in, messages and exit status out.

Exit status: 0 all went well; 1 a notebook or a comparison failed, or words of a text may be
missing; 2 bad usage, bad input or no place for the output; 70 a fault of the course; 130 Ctrl-C;
141 nobody reads the output any more (as in `course list | head -1`). What went wrong is told in
one line; `course --debug COMMAND` shows where.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from course_lib.editions.chapters import ROOT, Chapter, chapters, check_course_here, choose

if TYPE_CHECKING:
    from rich.progress import Progress

    from course_lib.audio import Clip
    from course_lib.core import Encoding, LevelScorer, Sampler, Scorer
    from course_lib.editions.learners import Copies
    from course_lib.models.diffusion.sounds import SoundDiffusion
    from course_lib.models.sequence.frames import Vocoder
    from course_lib.models.sequence.talker import Talker
    from course_lib.training import Step, Team
    from course_lib.zoo import Beginning
    from course_lib.zoo.prompts import Network
    from course_lib.zoo.recipes import Recipe

WORKSPACE = Path("workspace")
"""Where the learner's copies go, in the current folder."""

SPEECH_RATE = 8000
"""The sample rate in Hz at which the classical models of speech work."""

TALKER, VOCODER = "talker-lstm", "wavenet-vocoder"
"""Who reads where nobody else is asked for, and the network that can make its frames audible."""

ORDER, SECONDS, TEMPERATURE = 16, 3.0, 1.0
"""What `--order`, `--seconds` and `--temperature` are where nothing else is said."""

FLAGS = {"source": "from", "label": "class"}
"""What options are called at the command line, where that is another name."""

DIFFUSION = ("label", "steps", "guidance", "sampler")
"""The options of `course sample` that are for diffusion models."""


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
        epilog="Exit status: 0 all went well; 1 a notebook or a comparison failed, or words of "
        "a text may be missing; 2 bad usage, bad input or no place for the output; 70 a fault of "
        "the course; 130 stopped by Ctrl-C; 141 nobody reads the output any more.",
    )
    parser.add_argument(
        "--debug", action="store_true", help="show where an error comes from, before the command"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = commands.add_parser("list", help="the chapters, and the minutes each takes")
    command.set_defaults(run=_list)

    command = commands.add_parser("run", help="execute the notebooks into readable pages")
    command.add_argument("notebook", nargs="?", metavar="NB", help="only this one, such as 03")
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

    command = commands.add_parser("bench", help="speed and size against other libraries")
    command.add_argument("--only", metavar="GROUP", help="one group, such as ar")
    command.add_argument(
        "--json", type=Path, metavar="FILE", help="write the rows to this file, too"
    )
    command.set_defaults(run=_bench)

    command = commands.add_parser("zoo", help="the trained models, and how well they predict")
    command.set_defaults(run=_zoo)

    command = commands.add_parser(
        "train",
        help="train a network of the zoo",
        epilog="Ctrl-C writes a checkpoint, and --resume goes on from it.",
    )
    command.add_argument("model", metavar="NAME", help="such as wavenet-speech")
    command.add_argument("--resume", action="store_true", help="go on with the run in the folder")
    command.add_argument(
        "--folder", type=Path, metavar="DIR", help="of the run (default build/zoo/NAME)"
    )
    command.add_argument("--steps", type=int, metavar="N", help="a shorter or longer run")
    command.add_argument("--publish", action="store_true", help="put the result into data/zoo")
    command.add_argument(
        "--devices", type=int, default=1, metavar="N", help="GPUs, or processes, on each machine"
    )
    command.add_argument(
        "--nodes", type=int, default=1, metavar="M", help="machines, under torchrun or SLURM"
    )
    command.set_defaults(run=_train)

    model = "ar, a trained model that `course zoo` lists, or the folder of a finished run"
    command = commands.add_parser("sample", help="let a model make sound")
    command.add_argument("model", metavar="MODEL", help=model)
    command.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE",
        help="what ar is fitted to, and what a vocoder listens to",
    )
    command.add_argument(
        "--seconds",
        type=float,
        help=f"how much (default {SECONDS:g}; of a vocoder or a diffusion model, all of it)",
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--order", type=int, help=f"coefficients of ar (default {ORDER})")
    command.add_argument(
        "--temperature", type=float, help=f"of a network (default {TEMPERATURE:g}; lower is safer)"
    )
    command.add_argument("--voice", metavar="NAME", help="of a network that has several")
    command.add_argument("--channel", type=int, help="of a stereo file: 0 or 1")
    diffusion = command.add_argument_group("diffusion models, such as diffusion-percussion")
    diffusion.add_argument(
        "--class", dest="label", metavar="NAME", help="such as snare (default any)"
    )
    diffusion.add_argument(
        "--steps", type=int, metavar="N", help="from noise to sound (default 25)"
    )
    diffusion.add_argument(
        "--guidance", type=float, metavar="G", help="how much the class is exaggerated (default 1)"
    )
    diffusion.add_argument(
        "--sampler", metavar="NAME", help="ddim, ddpm, heun, euler or midpoint (default as trained)"
    )
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.wav")
    command.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    command.set_defaults(run=_sample)

    command = commands.add_parser("say", help="let a talker read a number, date or time aloud")
    command.add_argument("text", metavar="TEXT", help='such as "7,341" or "Tuesday 5:43 pm"')
    command.add_argument("--talker", metavar="NAME", default=TALKER, help=f"default {TALKER}")
    command.add_argument(
        "--vocoder", metavar="NAME", help=f"{VOCODER} in place of Griffin and Lim's search"
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.wav")
    command.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    command.add_argument(
        "--keep", action="store_true", help="write a sound in which words may be missing, too"
    )
    command.set_defaults(run=_say)

    command = commands.add_parser(
        "score",
        help="bits per sample that a model needs for a file; words of a talker that are misheard",
    )
    command.add_argument("model", metavar="MODEL", help=f"{model}; or a talker, without a file")
    command.add_argument("file", type=Path, metavar="FILE", nargs="?")
    command.add_argument(
        "--vocoder", metavar="NAME", help=f"of a talker: {VOCODER} in place of Griffin-Lim"
    )
    command.add_argument("--sentences", type=int, metavar="N", help="of a talker: only so many")
    command.add_argument("--order", type=int, help=f"coefficients of ar (default {ORDER})")
    command.add_argument("--voice", metavar="NAME", help="of a network that has several")
    command.add_argument("--channel", type=int, help="of a stereo file: 0 or 1")
    diffusion = command.add_argument_group("diffusion models, such as diffusion-percussion")
    diffusion.add_argument(
        "--class", dest="label", metavar="NAME", help="such as snare (default any)"
    )
    diffusion.add_argument(
        "--bound",
        action="store_true",
        default=None,
        help="a bound on the likelihood in place of an estimate",
    )
    command.set_defaults(run=_score)
    return parser


def _list(options: argparse.Namespace) -> int:
    for chapter in _chapters():
        title, minutes = chapter.describe()
        print(f"{chapter.number}  {title}" + (f"  ({minutes} minutes)" if minutes else ""))
    return 0


def _chapters() -> list[Chapter]:
    check_course_here()
    return chapters()


def _run(options: argparse.Namespace) -> int:
    course = _chapters()
    chosen = course if options.notebook is None else [choose(course, options.notebook)]
    from course_lib.editions.course import pages_folder, run_course

    pages = None if options.in_place else pages_folder()
    if pages is not None and not pages.is_relative_to(ROOT):
        print(f"{ROOT} is read-only; the pages go into {pages}")
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

    _report(write_copies(_chapters(), WORKSPACE))
    print(f"your copies are in {WORKSPACE.resolve()}")
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
    from course_lib.core import check_writable, write_text

    groups = GROUPS if options.only is None else (options.only,)
    if options.json is not None:
        check_writable(options.json)
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
        write_text(options.json, text + "\n")
    return 0


def _zoo(options: argparse.Namespace) -> int:
    from course_lib import zoo

    for name in zoo.names():
        card = zoo.card(name)
        print(f"{name}: {card['about']}")
        print(f"  {card['headline']}")
    untrained = [name for name in zoo.RECIPES if name not in zoo.names()]
    if untrained:
        print(f"not trained yet (course train NAME): {', '.join(untrained)}")
    return 0


# ---------------------------------------------------------------- training


def _train(options: argparse.Namespace) -> int:
    from course_lib import zoo
    from course_lib.core import check_writable, replacing
    from course_lib.training import Team

    recipe = _recipe(options.model, options.steps)
    target = zoo.store.data_folder() / "zoo" / options.model
    for name in (zoo.store.WEIGHTS, zoo.store.CARD) if options.publish else ():
        check_writable(target / name, make_folders=True)  # before hours of work, not after them
    folder = options.folder or Path("build/zoo") / options.model
    alone = options.devices == options.nodes == 1
    team = None if alone else Team(options.devices, options.nodes)
    leads = team is None or team.rank == 0
    done = _run_training(options.model, recipe, folder, options.resume, team)
    if done < recipe.schedule.steps:
        again = ["course", "train", options.model, "--resume"]
        again += [] if options.folder is None else ["--folder", str(folder)]
        again += [] if options.steps is None else ["--steps", str(options.steps)]
        print(f"stopped after {done} steps; go on with: {' '.join(again)}", file=sys.stderr)
        return 130
    if leads:
        with _working("scoring the test recordings"):
            card = zoo.publish(options.model, recipe, folder, folder)
        print(f"{folder}: {card['about']}; {card['headline']}")
    if leads and options.publish:
        for name in (zoo.store.WEIGHTS, zoo.store.CARD):
            with replacing(target / name) as temporary:
                shutil.copyfile(folder / name, temporary)
        print(f"published as {target}")
    return 0


def _recipe(name: str, steps: int | None) -> Recipe:
    from course_lib.core import check_count
    from course_lib.zoo import RECIPES

    if name not in RECIPES:
        raise ValueError(f"no recipe is called {name!r}; there are {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    if steps is None:
        return recipe
    warmup = min(recipe.schedule.warmup, check_count(steps, "--steps") // 10)
    return replace(recipe, schedule=replace(recipe.schedule, steps=steps, warmup=warmup))


def _run_training(name: str, recipe: Recipe, folder: Path, resume: bool, team: Team | None) -> int:
    """Train, show how it goes, and return the number of steps that are done."""
    from course_lib.zoo import Beginning, Validation, train

    steps, losses = recipe.schedule.steps, deque[float](maxlen=50)
    done = steps  # of a run that was finished before
    leads = team is None or team.rank == 0
    running = train(recipe, folder, resume=resume, team=team)
    with _progress(leads) as progress, _stoppable(team is None) as stop:
        task = progress.add_task(name, total=steps)
        for event in running:
            if isinstance(event, Beginning):
                if leads:
                    _tell_beginning(event)
                continue
            if isinstance(event, Validation):
                print(f"step {event.done}: validation {event.value:.3f} {event.unit}", flush=True)
                continue
            done = event.index + 1
            losses.append(event.loss)
            told = _told(event, sum(losses) / len(losses), recipe.unit)
            progress.update(task, completed=done, description=f"{name}: {told}")
            if leads and done % 100 == 0 and not progress.console.is_terminal:
                print(f"step {done} of {steps}: {told}, {event.seconds:.0f} s", flush=True)
            if stop() and done < steps:
                running.close()  # which writes a checkpoint
                break
    return done


def _tell_beginning(beginning: Beginning) -> None:
    precision = beginning.precision
    print(f"training in {precision.name}: {precision.why}", flush=True)
    if beginning.change:
        print(f"not as before, {beginning.change}", file=sys.stderr)


def _told(step: Step, loss: float, unit: str) -> str:
    """Return how it goes; networks whose validation is in nats or bits learn by nats."""
    likelihood = unit.startswith(("nats", "bits"))
    told = f"nats ({loss / math.log(2):.3f} bits)" if likelihood else f"({unit})"
    return f"loss {loss:.3f} {told}, learning rate {step.learning_rate:.1e}"


@contextmanager
def _stoppable(ours: bool) -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C (or a scheduler's SIGTERM) into a wish to stop after this step.

    A second Ctrl-C interrupts.  In a team (`ours` is False) nothing changes: all must stop at
    the same step, and the checkpoint of the last minute is there.
    """
    asked: list[int] = []

    def ask(number: int, frame: Any) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("stopping after this step", file=sys.stderr)

    signals = (signal.SIGINT, signal.SIGTERM) if ours else ()
    before = {number: signal.signal(number, ask) for number in signals}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# ------------------------------------------------------ sampling and scoring


def _sample(options: argparse.Namespace) -> int:
    from course_lib.audio import write
    from course_lib.core import check_number

    _check_output(options.output, options.overwrite)
    if options.seconds is not None:
        check_number(options.seconds, "--seconds", above=0, below=3600)
    sample = _sample_fitted if options.model in SAMPLERS else _sample_network
    sound, maker, whole = sample(options)
    sound = sound.with_peak() if sound.peak > 1 else sound
    write(options.output, sound, overwrite=options.overwrite)
    print(f"{options.output}: {sound.duration:g} s at {sound.sample_rate} Hz from {maker}")
    if not whole:
        print("interrupted: this is what there was by then", file=sys.stderr)
    return 0 if whole else 130


def _check_output(path: Path, overwrite: bool) -> None:
    """Say before the work what `audio.write` would say after it."""
    from course_lib.audio import check_target

    if path.is_file() and not overwrite:
        raise FileExistsError(f"{path} exists already; pass --overwrite to replace it")
    check_target(path, overwrite=overwrite)


def _sample_fitted(options: argparse.Namespace) -> tuple[Clip, object, bool]:
    from course_lib.audio import Clip
    from course_lib.core import seeded

    _refuse(options, f"is for networks, not for {options.model}", "temperature", "voice")
    _refuse(options, f"is for diffusion models, not for {options.model}", *DIFFUSION)
    if options.source is None:
        raise ValueError(f"{options.model} is fitted to a recording: pass --from FILE")
    length = round((options.seconds or SECONDS) * SPEECH_RATE)
    rng = seeded(options.seed)
    clip = _read(options.source, SPEECH_RATE, options.channel)
    with _working(f"fitting {options.model} to {options.source} and sampling"):
        model = SAMPLERS[options.model](clip, ORDER if options.order is None else options.order)
        sound = Clip(model.sample(length, rng=rng)[0], SPEECH_RATE)
    return sound, model, True


def _sample_network(options: argparse.Namespace) -> tuple[Clip, object, bool]:
    from course_lib.models.diffusion.sounds import SoundDiffusion

    _refuse(options, "is for ar, not for a network", "order")
    network = _network(options.model)
    if isinstance(network, SoundDiffusion):
        return _sample_diffusion(network, options)
    return _sample_stream(network, options)


def _sample_diffusion(
    network: SoundDiffusion, options: argparse.Namespace
) -> tuple[Clip, object, bool]:
    from course_lib.audio import Clip
    from course_lib.core import seeded

    others = ("source", "channel", "temperature", "voice")
    _refuse(options, f"is not for {options.model}, which draws from noise alone", *others)
    config = network.config
    seconds = config.duration if options.seconds is None else options.seconds
    if seconds > config.duration:
        raise ValueError(
            f"need --seconds of {config.duration:g} at most, as long as the sounds that "
            f"{options.model} draws, got {seconds:g}"
        )
    asked = {name: getattr(options, name) for name in DIFFUSION}
    told = {name: value for name, value in asked.items() if value is not None}
    with _working(f"sampling from {options.model}"):
        length = round(seconds * config.sample_rate)
        sound = network.sample(length, rng=seeded(options.seed), **told)[0]
    return Clip(sound, config.sample_rate), _maker(options), True


def _maker(options: argparse.Namespace) -> str:
    return options.model if options.label is None else f"{options.model}, {options.label}"


def _sample_stream(network: Network, options: argparse.Namespace) -> tuple[Clip, object, bool]:
    import numpy as np

    from course_lib.audio import Clip
    from course_lib.core import seeded, spawn

    (rng,) = spawn(seeded(options.seed), 1)  # as network.sample(..., rng=seeded(seed)) does
    _refuse(options, f"is for diffusion models, not for {options.model}", *DIFFUSION)
    rate = network.config.sample_rate
    clip = None
    if getattr(network.config, "mel", None) is not None:
        if options.source is None:
            raise ValueError(
                f"{options.model} turns a recording into sound again: pass --from FILE"
            )
        clip = _read_prepared(options.source, rate, options.channel)
    else:
        _refuse(options, f"is not for {options.model}: it listens to none", "source", "channel")
    most = SECONDS if clip is None else clip.duration
    seconds = most if options.seconds is None else options.seconds
    length = round(seconds * rate)
    if clip is not None:
        if length > len(clip):
            raise ValueError(f"need --seconds of {most:g} at most, as {options.source} has")
        clip = clip.with_samples(clip.samples[:length])
    told = _conditions(network, options, clip)
    temperature = TEMPERATURE if options.temperature is None else options.temperature
    stream = network.stream(length, rng=rng, temperature=temperature, **told)
    blocks: list[np.ndarray] = []
    with _progress() as progress:
        task = progress.add_task(f"sampling from {options.model}", total=length)
        try:
            for block in stream:
                blocks.append(block)
                progress.advance(task, len(block))
        except KeyboardInterrupt:
            if not blocks:
                raise
    sound = Clip(np.concatenate(blocks), rate)
    return sound, options.model, len(sound) == length


def _say(options: argparse.Namespace) -> int:
    from course_lib.audio import write
    from course_lib.core import seeded
    from course_lib.models.sequence.spoken import WordsInDoubtError

    _check_output(options.output, options.overwrite)
    talker, vocoder = _talker(options.talker), _vocoder(options.vocoder)
    words = " ".join(talker.words(options.text))
    with _working(f"reading {words}"):
        try:
            sound, doubts = talker.say(options.text, vocoder=vocoder, rng=seeded(options.seed)), ""
        except WordsInDoubtError as error:
            sound, doubts = error.clip, str(error)
    if doubts:
        kept = "" if options.keep else "; pass --keep to keep the sound"
        print(f"course say: {doubts}{kept}", file=sys.stderr)
    if options.keep or not doubts:
        write(options.output, sound, overwrite=options.overwrite)
        print(f"{options.output}: {sound.duration:.2f} s, {words}, from {options.talker}")
    return 1 if doubts else 0


def _vocoder(name: str | None) -> Vocoder:
    from course_lib.models.sequence.frames import griffin_lim_vocoder
    from course_lib.models.waveform.wavenet import WaveNet
    from course_lib.zoo.exams.talkers import wavenet_vocoder

    if name is None:
        return griffin_lim_vocoder
    network = _network(name)
    if not isinstance(network, WaveNet):
        raise ValueError(f"{name} does not turn frames into sound; take {VOCODER}")
    return wavenet_vocoder(network)


def _score(options: argparse.Namespace) -> int:
    from course_lib.core import seeded
    from course_lib.evaluation import bits_per_sample
    from course_lib.models.sequence.talker import Talker

    if options.file is None:
        talker = None if options.model in SCORERS else _trained(options.model)
        if not isinstance(talker, Talker):
            raise ValueError(f"need a FILE to score {options.model} with; only talkers need none")
        return _score_talker(options, talker)
    _refuse(options, "is for talkers", "vocoder", "sentences")
    with _working(f"scoring {options.file}"):
        prepare = _adaptive_scorer if options.model in SCORERS else _network_scorer
        model, clip, encoding, name = prepare(options)
        score = bits_per_sample(model, clip, encoding, rng=seeded(0))  # dithers a density
    nats = -score.bits * score.samples * math.log(2)
    print(f"{options.file}: {score} bits per sample, log-likelihood {nats:.1f} nats ({score.kind})")
    print(f"  {encoding.name} at {clip.sample_rate} Hz, {score.samples} samples; {name}")
    return 0


def _score_talker(options: argparse.Namespace, talker: Talker) -> int:
    """Print how many words a recogniser mishears: of recordings, through frames, of the talker."""
    from rich.console import Console
    from rich.table import Table

    from course_lib.core import check_count
    from course_lib.zoo.exams.talkers import GRAMMARS, recordings, talking, through, word_error

    _refuse(options, "is not for talkers", "order", "voice", "channel", "label", "bound")
    if options.sentences is not None:
        check_count(options.sentences, "--sentences")
    vocoder = _vocoder(options.vocoder)
    made = options.vocoder or "Griffin-Lim"
    readers = {
        "the recordings": recordings,
        f"the recordings through frames and {made}": through(vocoder),
        f"{options.model} and {made}": talking(talker, vocoder),
    }
    table = Table("who reads", *GRAMMARS, title="words misheard, of sentences never joined before")
    for name, reader in readers.items():
        with _working(f"listening to {name}"):
            errors = [word_error(reader, which, count=options.sentences) for which in GRAMMARS]
        table.add_row(name, *map(str, errors))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 0


def _adaptive_scorer(
    options: argparse.Namespace,
) -> tuple[LevelScorer, Clip, Encoding, object]:
    from course_lib.features import MuLaw

    _refuse(options, f"is for networks, not for {options.model}", "voice")
    _refuse(options, f"is for diffusion models, not for {options.model}", "label", "bound")
    clip = _read_prepared(options.file, SPEECH_RATE, options.channel)
    model = SCORERS[options.model](ORDER if options.order is None else options.order)
    return model, clip, MuLaw(), model


def _network_scorer(
    options: argparse.Namespace,
) -> tuple[LevelScorer | Scorer, Clip, Encoding, object]:
    from course_lib.models.diffusion.sounds import SoundDiffusion

    _refuse(options, "is for ar, not for a network", "order")
    network = _network(options.model)
    clip = _read_prepared(options.file, network.config.sample_rate, options.channel)
    if isinstance(network, SoundDiffusion):
        return _diffusion_scorer(network, clip, options)
    _refuse(options, f"is for diffusion models, not for {options.model}", "label", "bound")
    told = _conditions(network, options, clip)
    score = partial(network.level_log_likelihood, **told)
    return SimpleNamespace(level_log_likelihood=score), clip, network.config.encoding, options.model


def _diffusion_scorer(
    network: SoundDiffusion, clip: Clip, options: argparse.Namespace
) -> tuple[Scorer, Clip, Encoding, object]:
    import numpy as np

    from course_lib.core import seeded
    from course_lib.features import MuLaw

    _refuse(options, f"is not for {options.model}: it has none", "voice")
    scorer = network.scorer(
        options.label,
        rng=seeded(1),  # the dither's is another
        kind="lower bound" if options.bound else "estimate",
    )
    config = network.config
    if len(clip) > config.length:
        raise ValueError(
            f"need a sound of {config.duration:g} s at most, as long as those that "
            f"{options.model} draws, got {clip.duration:g} s in {options.file}"
        )
    silence = config.length - len(clip)
    filled = clip.with_samples(np.pad(clip.samples, (0, silence)))
    filling = f", filled up with {silence} samples of silence" if silence else ""
    return scorer, filled, MuLaw(), _maker(options) + filling


def _network(name: str) -> Network | SoundDiffusion:
    """Return the trained network of that name, or in that folder, that makes sound of itself."""
    from course_lib.evaluation.ears.classifier import Classifier
    from course_lib.models.sequence.talker import Talker

    network = _trained(name)
    if isinstance(network, Classifier):
        raise ValueError(f"{name} tells sounds apart; it makes none, and has no likelihood of any")
    if isinstance(network, Talker):
        raise ValueError(f'{name} reads text aloud: course say "7,341" --talker {name} -o out.wav')
    return network


def _talker(name: str) -> Talker:
    """Return the trained talker of that name, or in that folder."""
    from course_lib.models.sequence.talker import Talker
    from course_lib.zoo.recipes import TALKERS

    network = _trained(name)
    if not isinstance(network, Talker):
        raise ValueError(f"{name} does not read text; there are {', '.join(TALKERS)}")
    return network


def _trained(name: str) -> Any:
    from course_lib import zoo

    if name in zoo.names():
        return zoo.load(name)
    if Path(name).is_dir():
        return zoo.load(Path(name))
    known = ", ".join([*SAMPLERS, *zoo.names()])
    raise ValueError(
        f"no model is called {name!r}; there are {known}, and folders that `course train` wrote"
    )


def _conditions(network: Network, options: argparse.Namespace, clip: Clip | None) -> dict[str, Any]:
    """Return what the network is told: the voice, the frames of a clip, or nothing."""
    from course_lib.zoo.prompts import mel_frames

    told: dict[str, Any] = {}
    voices, mel = getattr(network.config, "voices", ()), getattr(network.config, "mel", None)
    if voices and options.voice is None:
        raise ValueError(f"{options.model} has several voices: pass --voice {_quoted(voices)}")
    if not voices:
        _refuse(options, f"is not for {options.model}: it has one voice only", "voice")
    elif options.voice not in voices:
        raise ValueError(f"{options.model} has no voice {options.voice!r}: pass {_quoted(voices)}")
    else:
        told["voice"] = options.voice
    if mel is not None and clip is not None:
        told["mel"] = mel_frames(clip, mel)
    return told


def _quoted(names: Sequence[str]) -> str:
    return " or ".join(f'"{name}"' for name in names)


def _refuse(options: argparse.Namespace, why: str, *names: str) -> None:
    """Refuse options that this model has no use for."""
    for name in names:
        if getattr(options, name) is not None:
            raise ValueError(f"--{FLAGS.get(name, name)} {why}")


def _fit_ar(clip: Clip, order: int) -> Sampler:
    from course_lib.models.linear.ar import AR

    return AR.fit(clip, order, method="burg")


def _adaptive_ar(order: int) -> LevelScorer:
    from course_lib.models.linear.adaptive_ar import AdaptiveAR

    return AdaptiveAR(order=order)  # fitted on the past only: it needs no other recording


SAMPLERS: dict[str, Callable[[Clip, int], Sampler]] = {"ar": _fit_ar}
"""Models that `course sample` knows: from a recording and an order to something that sounds."""

SCORERS: dict[str, Callable[[int], LevelScorer]] = {"ar": _adaptive_ar}
"""Models that `course score` knows: from an order to something with a likelihood of levels."""


def _read(path: Path, sample_rate: int, channel: int | None = None) -> Clip:
    from course_lib.audio import read, resample

    return resample(read(path, channel=channel), sample_rate)


def _read_prepared(path: Path, sample_rate: int, channel: int | None) -> Clip:
    """Read a clip that can be quantised."""
    clip = _read(path, sample_rate, channel)
    if clip.peak > 1:  # resampling may overshoot
        print(f"{path}: scaled from a peak of {clip.peak:.3f} to 1", file=sys.stderr)
        clip = clip.with_peak(1.0)
    return clip


def _working(what: str) -> AbstractContextManager[object]:
    """Show on a terminal that something is going on."""
    from rich.console import Console
    from rich.markup import escape

    return Console(stderr=True).status(escape(what))  # the name of a file may hold brackets


def _progress(shown: bool = True) -> Progress:
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
