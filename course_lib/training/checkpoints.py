"""Checkpoints: a run on disk, written whole or not at all, and never as a pickle."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from course_lib.training.loop import Run


def save_tensors(
    path: Path, tensors: dict[str, torch.Tensor], about: dict[str, Any] | None = None
) -> None:
    """Write tensors and a few facts about them to one file, in one step.

    The file is complete under a name of its own before it takes the place of the old one, so
    that a kill at any time leaves either the old or the new.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        facts = {"about": json.dumps(about or {}, ensure_ascii=False)}
        whole = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
        safetensors.torch.save_file(whole, name, metadata=facts)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return what `save_tensors` wrote.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        For a file that is damaged, or was not written by `save_tensors`.
    """
    if not path.is_file():
        raise FileNotFoundError(f"need a file of tensors, but there is no {path}")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["about"])
            return {key: file.get_tensor(key) for key in file.keys()}, about  # noqa: SIM118
    except (safetensors.SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(
            f"need a file of tensors written by the course, but {path} is damaged or foreign "
            f"({error}); delete it, or fetch it again"
        ) from error


def save_run(path: Path, run: Run, about: dict[str, Any] | None = None) -> None:
    """Write all that a run needs to go on as if it had never stopped."""
    tensors = {f"model.{name}": tensor for name, tensor in run.model.state_dict().items()}
    names = {parameter: name for name, parameter in run.model.named_parameters()}
    for parameter, state in run.optimizer.state.items():
        for key, value in state.items():
            tensors[f"optimizer.{key}.{names[parameter]}"] = torch.as_tensor(value)
    carry = run.carry if isinstance(run.carry, tuple) else (run.carry,)
    tensors |= {f"carry.{i}": part for i, part in enumerate(carry) if part is not None}
    facts = {"done": run.done, "carried": isinstance(run.carry, tuple), **(about or {})}
    save_tensors(path, tensors, facts)


def load_run(path: Path, run: Run) -> dict[str, Any]:
    """Bring a fresh run to where the saved one was; return what was said about it.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_tensors`, and for a run of another network.
    """
    tensors, about = load_tensors(path)
    state = {key[6:]: value for key, value in tensors.items() if key.startswith("model.")}
    parameters = dict(run.model.named_parameters())
    expected = {name: tuple(tensor.shape) for name, tensor in run.model.state_dict().items()}
    if {name: tuple(tensor.shape) for name, tensor in state.items()} != expected:
        raise ValueError(
            f"need a checkpoint of this network, but {path} holds tensors of other names or "
            "shapes; train afresh without --resume, or bring back the recipe that it was for"
        )
    run.model.load_state_dict(state)
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, kind, name = key.split(".", 2)
            parameter = parameters[name]
            place = torch.device("cpu") if kind == "step" else parameter.device
            run.optimizer.state[parameter][kind] = value.to(place)
    carry = tuple(
        tensors[key].to(run.device) for key in sorted(tensors) if key.startswith("carry.")
    )
    run.carry = carry if about["carried"] else (carry[0] if carry else None)
    run.done = int(about["done"])
    return about
