"""Training a recipe in a folder: checkpoints on the way, and a record of what was spent."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import filelock

from course_lib.core import check_writable, write_text
from course_lib.training import Run, Step, Team, best_device, run_of
from course_lib.training.checkpoints import load_run, save_run
from course_lib.training.precision import Precision
from course_lib.zoo.recipes.protocol import Recipe
from course_lib.zoo.records import CHECKPOINT, add_part, check_same_recipe, spent_here
from course_lib.zoo.store import load

CHECKPOINT_SECONDS = 60.0

LOCK, HOLDER = "run.lock", "run.holder"
"""The files in a run's folder that keep others out of it, and say who trains there."""


@dataclass(frozen=True)
class Beginning:
    """Training begins, or goes on.

    Attributes
    ----------
    done : steps behind us
    precision : in which matrices are multiplied, and why
    change : what is another machine, precision or version than before, in words, or nothing
    """

    done: int
    precision: Precision
    change: str


@dataclass(frozen=True)
class Validation:
    """How a network does on what it is validated with after so many steps; lower is better."""

    done: int
    value: float
    unit: str


def train(
    recipe: Recipe, folder: Path, *, resume: bool = False, team: Team | None = None
) -> Generator[Beginning | Step | Validation, None, None]:
    """Train a recipe in a folder; yield its beginning, every step, and validation scores.

    A checkpoint is written every minute, after the last step, and when the generator is closed.
    A run that is resumed ends with the weights of one that never stopped, bit for bit, on the
    same machine and threads.

    Parameters
    ----------
    recipe : what to train, and how
    folder : of the run; it is made
    resume : go on with the run in the folder
    team : the processes that train together, or None for this one alone

    Raises
    ------
    FileExistsError
        For a folder with a run in it, unless it is resumed, or one in which a run goes on now.
    FileNotFoundError
        For a run to resume that is not there.
    OSError
        For a folder that cannot be written to.
    ValueError
        For a checkpoint that is damaged, foreign, or of another recipe; for a precision that this
        machine does not have.
    FloatingPointError
        Where the loss is no longer finite.

    Notebook: 12.
    """
    path = folder / CHECKPOINT
    if resume and not path.is_file():
        raise FileNotFoundError(f"need a run to go on with, but there is no {path}")
    check_writable(path, make_folders=True)
    with reserved(folder, team):
        if not resume and path.exists():
            raise FileExistsError(
                f"{path} holds a run already; go on with it (--resume), or delete it to begin again"
            )
        run, about = _begin(recipe, path, resume, team)
        if run.done < recipe.schedule.steps:
            yield from _go_on(recipe, path, run, about)


def _begin(
    recipe: Recipe, path: Path, resume: bool, team: Team | None
) -> tuple[Run, dict[str, Any]]:
    """Return a run at its first step, or where its checkpoint is, and what is known about it."""
    network: Any = recipe.build()
    if recipe.begins_with is not None and not resume:
        network.load_state_dict(load(recipe.begins_with).state_dict())
    network.to(best_device() if team is None else team.device)
    run = run_of(network, recipe.schedule, team)
    about: dict[str, Any] = {"recipe": asdict(recipe), "seconds": 0.0, "validation": []}
    if resume:
        about = load_run(path, run)
        check_same_recipe(about, recipe, path)
    return run, about


def _go_on(
    recipe: Recipe, path: Path, run: Run, about: dict[str, Any]
) -> Generator[Beginning | Step | Validation, None, None]:
    """Train to the end, with checkpoints on the way."""
    network: Any = run.model
    team, spent = run.team, about.setdefault("spent", [])
    yield Beginning(run.done, run.precision, add_part(spent, spent_here(run)))
    leads = team is None or team.rank == 0
    before, saved = about["seconds"], time.perf_counter()
    for step in run.steps(recipe.batches(network)):
        about["seconds"] = before + step.seconds
        last = run.done == recipe.schedule.steps
        try:
            yield step
            if leads and (run.done % recipe.validate_every == 0 or last):
                network.eval()
                value = recipe.validate(network)
                network.train()
                about["validation"].append([run.done, value])
                yield Validation(run.done, value, recipe.unit)
        except GeneratorExit:  # whoever looked on has seen enough
            if team is None:  # the others of a team know nothing of it
                save_run(path, run, about)
            raise
        due = last or time.perf_counter() - saved > CHECKPOINT_SECONDS
        if due if team is None else team.agree(due):
            save_run(path, run, about)
            saved = time.perf_counter()


@contextmanager
def reserved(folder: Path, team: Team | None = None) -> Iterator[None]:
    """Keep other processes from training in a folder meanwhile; the first of a team does so.

    The system holds the lock, and takes it back from a process that was killed.

    Raises
    ------
    FileExistsError
        Where another process trains there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock, holder = filelock.FileLock(folder / LOCK, blocking=False, thread_local=False), ""
    leads = team is None or team.rank == 0
    if leads:
        try:
            lock.acquire()
        except filelock.Timeout:
            holder = _holder(folder)
    if not (lock.is_locked if team is None else team.agree(lock.is_locked)):
        raise FileExistsError(
            f"{holder or 'another process'} trains in {folder} already; wait for its end, stop it "
            "(Ctrl-C) and go on with --resume, or pass another --folder"
        )
    try:
        if leads:
            since = time.strftime("%Y-%m-%d %H:%M")
            who = f"process {os.getpid()} on {platform.node()} (since {since})"
            write_text(folder / HOLDER, who + "\n")
        yield
    finally:
        if leads:
            (folder / HOLDER).unlink(missing_ok=True)
            lock.release()


def _holder(folder: Path) -> str:
    """Return who says that they train in a folder, which they do just after they lock it."""
    try:
        return (folder / HOLDER).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
