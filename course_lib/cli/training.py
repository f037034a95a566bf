"""Commands around trained networks: zoo, train, examine."""

from __future__ import annotations

import argparse
import math
import shutil
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.cli.shared import Commands, progress_bar, working

if TYPE_CHECKING:
    from course_lib.training import Step, Team
    from course_lib.zoo import Beginning
    from course_lib.zoo.recipes import Recipe


def add_commands(commands: Commands) -> None:
    """Add zoo, train and examine."""
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

    command = commands.add_parser(
        "examine",
        help="score a published network again",
        epilog="For when the recordings to judge by, or the judge, have changed.",
    )
    command.add_argument("model", metavar="NAME", help="such as wavegan-percussion")
    command.add_argument("--publish", action="store_true", help="put the scores on its card")
    command.set_defaults(run=_examine)


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


def _train(options: argparse.Namespace) -> int:
    from course_lib import zoo
    from course_lib.core import check_writable, replacing
    from course_lib.training import Team

    recipe = _recipe(options.model, options.steps)
    files = (zoo.store.WEIGHTS, zoo.store.CARD) if options.publish else ()
    targets = [zoo.store.place(options.model) / name for name in files]
    for target in targets:
        check_writable(target, make_folders=True)  # before hours of work, not after them
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
        with working("scoring the test recordings"):
            card = zoo.publish(options.model, recipe, folder, folder)
        print(f"{folder}: {card['about']}; {card['headline']}")
    if leads and targets:
        for target in targets:
            with replacing(target) as temporary:
                shutil.copyfile(folder / target.name, temporary)
        print(f"published as {targets[0].parent}")
    return 0


def _examine(options: argparse.Namespace) -> int:
    from course_lib import zoo
    from course_lib.core import check_writable

    recipe, before = _recipe(options.model, None), zoo.card(options.model)
    if options.publish:
        check_writable(zoo.store.place(options.model) / zoo.store.CARD)
    with working("scoring the test recordings"):
        card = zoo.examine(options.model, recipe)
    print(f"{options.model}: {card['headline']} (its card said: {before['headline']})")
    if options.publish:
        zoo.write_card(zoo.store.place(options.model), card)
        print(f"published as {zoo.store.place(options.model)}")
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
    with progress_bar(leads) as progress, _stoppable(team is None) as stop:
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

    A second Ctrl-C interrupts. In a team (`ours` is False) nothing changes: all must stop at
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
