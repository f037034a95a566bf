"""What a run writes down about itself: its settings, and what computed it."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from course_lib.training import Run, Team
from course_lib.zoo.recipes.protocol import Recipe

CHECKPOINT = "run.safetensors"
"""The file in a run's folder that holds all of it."""


def check_same_recipe(about: dict[str, Any], recipe: Recipe, path: Path) -> None:
    """Refuse a run that began with other settings; settings that it does not know may be any.

    Raises
    ------
    ValueError
        Where a setting differs; the message names it. For a checkpoint of no recipe.
    """
    if missing := {"recipe", "seconds", "validation"} - set(about):
        raise ValueError(
            f"need a checkpoint that `course train` wrote, but {path} lacks {sorted(missing)}; "
            "train in another folder"
        )
    then = _flat(about["recipe"])
    now = _flat(json.loads(json.dumps(asdict(recipe))))
    other = [name for name in then.keys() & now.keys() if then[name] != now[name]]
    if other:
        said = ", ".join(f"{name}={then[name]!r} (now {now[name]!r})" for name in sorted(other))
        raise ValueError(
            f"need the settings with which the run in {path} began: {said}; "
            "pass them again, or train in another folder"
        )


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        inner = isinstance(value, dict)
        flat |= _flat(value, f"{prefix}{name}.") if inner else {f"{prefix}{name}": value}
    return flat


def spent_here(run: Run) -> dict[str, Any]:
    """Return from which step on a run computes where, in which precision and with what versions."""
    return {
        "from step": run.done,
        "hardware": hardware(run.team),
        "precision": run.precision.name,
        "versions": versions(),
    }


def add_part(spent: list[dict[str, Any]], part: dict[str, Any]) -> str:
    """Add a part to those before it, unless it goes on just as the last did; say what changed."""
    if spent and _without_place(spent[-1]) == _without_place(part):
        return ""
    spent.append(part)
    return "".join(changes(spent[-2:]))


def _without_place(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "from step"}


def began_in(about: dict[str, Any]) -> str:
    """Return the precision in which a run began, from what its checkpoint says.

    The first checkpoints did not record it, but the schedule with its switch for bfloat16.
    """
    switched = about["recipe"]["schedule"].get("bfloat16", False)
    return str(about.get("precision", "bfloat16" if switched else "float32"))


def changes(spent: list[dict[str, Any]]) -> list[str]:
    """Return in sentences where a run went on with another machine, precision or version."""
    said = []
    for before, now in pairwise(spent):
        then, here = _flat(_without_place(before)), _flat(_without_place(now))
        other = [key for key in here if then.get(key, here[key]) != here[key]]
        if other:
            told = ", ".join(f"{key.split('.')[-1]} {here[key]} after {then[key]}" for key in other)
            said.append(f"from step {now['from step']}: {told}")
    return said


def hardware(team: Team | None = None) -> str:
    """Return what computes here: the model of the processor or GPU, and how many of it."""
    processes = "" if team is None else f", {team.size} processes"
    if torch.cuda.is_available():
        return torch.cuda.get_device_name() + processes
    name = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        lines = cpus.read_text(encoding="utf-8").splitlines()
        models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        name = models[0] if models else name
    threads = torch.get_num_threads()
    return f"{name}, {threads} thread{'s' if threads > 1 else ''}{processes}"


def versions() -> dict[str, str]:
    """Return what the weights depend on: Python, torch, numpy and this package."""
    packages = ("torch", "numpy", "audio-generation-course")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}
