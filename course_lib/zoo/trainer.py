"""Training a recipe: checkpoints on the way, and at the end weights and a card."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from course_lib.training import Run, Step, best_device
from course_lib.training.checkpoints import load_run, save_run
from course_lib.zoo.recipes import Recipe, score

CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Validation:
    """Bits per sample on the validation prompts after so many steps."""

    done: int
    bits: float


def train(recipe: Recipe, folder: Path, *, resume: bool = False) -> Iterator[Step | Validation]:
    """Train a recipe in a folder; yield every step, and now and then the validation bits."""
    network = recipe.build().to(best_device())
    run = Run(network, recipe.schedule)
    path = folder / "run.safetensors"
    about = {"recipe": asdict(recipe), "seconds": 0.0, "validation": []}
    if resume:
        about = load_run(path, run)
    elif path.exists():
        raise FileExistsError(
            f"{path} holds a run already; go on with it (--resume), or delete it to begin again"
        )
    batches = recipe.batches(network)
    before, saved = about["seconds"], time.perf_counter()
    for step in run.steps(batches):
        yield step
        last = run.done == recipe.schedule.steps
        if run.done % recipe.validate_every == 0 or last:
            bits = score(network, recipe.prompts("validation"))
            about["validation"].append([run.done, bits])
            yield Validation(run.done, bits)
        about["seconds"] = before + step.seconds
        if last or time.perf_counter() - saved > CHECKPOINT_SECONDS:
            save_run(path, run, about)
            saved = time.perf_counter()
