"""Training a recipe in a folder: checkpoints on the way, and a record of what was spent."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib.training import Run, Step, Team, best_device
from course_lib.training.checkpoints import load_run, save_run
from course_lib.zoo.recipes import CHECKPOINT, AnyRecipe
from course_lib.zoo.records import check_same_recipe, spent_here
from course_lib.zoo.store import load

CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Validation:
    """How a network does on what it is validated with after so many steps; lower is better."""

    done: int
    value: float
    unit: str


def train(
    recipe: AnyRecipe, folder: Path, *, resume: bool = False, team: Team | None = None
) -> Generator[Step | Validation, None, None]:
    """Train a recipe in a folder; yield every step, and now and then the validation score.

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
        For a folder with a run in it, unless it is resumed.
    FileNotFoundError
        For a run to resume that is not there.
    ValueError
        For a checkpoint that is damaged, foreign, or of another recipe.
    FloatingPointError
        Where the loss is no longer finite.

    Notebook: 12.
    """
    path = folder / CHECKPOINT
    if not resume and path.exists():
        raise FileExistsError(
            f"{path} holds a run already; go on with it (--resume), or delete it to begin again"
        )
    network: Any = recipe.build()
    if recipe.begins_with is not None and not resume:
        network.load_state_dict(load(recipe.begins_with).state_dict())
    network.to(best_device() if team is None else team.device)
    run = Run(network, recipe.schedule, team)
    about: dict[str, Any] = {"recipe": asdict(recipe), "seconds": 0.0, "validation": []}
    if resume:
        about = load_run(path, run)
        check_same_recipe(about, recipe, path)
    spent = spent_here(team)
    about["spent"] = [*(s for s in about.get("spent", []) if s != spent), spent]
    leads = team is None or team.rank == 0
    batches = recipe.batches(network) if run.done < recipe.schedule.steps else None
    before, saved = about["seconds"], time.perf_counter()
    for step in run.steps(batches) if batches else ():
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
