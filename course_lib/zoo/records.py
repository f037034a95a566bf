"""What a run writes down about itself: its settings, and what computed it."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from course_lib.training import Team
from course_lib.zoo.recipes import AnyRecipe


def check_same_recipe(about: dict[str, Any], recipe: AnyRecipe, path: Path) -> None:
    """Refuse a run that began with other settings; settings that it does not know may be any.

    Raises
    ------
    ValueError
        Where a setting differs; the message names it.
    """
    then = _flat(about.get("recipe", {}))
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


def spent_here(team: Team | None = None) -> dict[str, Any]:
    """Return what computes here and with which versions, for the card."""
    return {"hardware": hardware(team), "versions": versions()}


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
