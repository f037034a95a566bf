"""Checkpoints: a run on disk, written whole or not at all, and never as a pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from course_lib.core import replacing
from course_lib.training.loop import Run
from course_lib.training.precision import PRECISIONS, keep_precision


def save_tensors(
    path: Path, tensors: dict[str, torch.Tensor], about: dict[str, Any] | None = None
) -> None:
    """Write tensors and a few facts about them to one file, in one step (`replacing`)."""
    facts = {"about": json.dumps(about or {}, ensure_ascii=False)}
    whole = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
    with replacing(path) as temporary:
        temporary.write_bytes(safetensors.torch.save(whole, facts))


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
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(
            f"need a file of tensors written by the course, but {path} is damaged or foreign "
            f"({error}); delete it, or fetch it again"
        ) from error
    if not isinstance(about, dict):
        raise ValueError(f"need facts about the tensors in {path}, got {about!r}; delete it")
    return tensors, about


def check_tensors(network: torch.nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    """Refuse tensors that are not the whole state of a network.

    Raises
    ------
    ValueError
        For the first that is missing, unknown, of another shape, or not finite.
    """
    expected = network.state_dict()
    for name in sorted(expected.keys() | tensors.keys()):
        if name not in tensors:
            raise ValueError(f"the tensor {name} is missing")
        if name not in expected:
            raise ValueError(f"the network has no tensor {name}")
        shape, found = tuple(expected[name].shape), tuple(tensors[name].shape)
        if shape != found:
            raise ValueError(f"the tensor {name} should be of shape {shape}, and is of {found}")
        if not torch.isfinite(tensors[name]).all():
            raise ValueError(f"the tensor {name} holds numbers that are not finite")


def save_run(path: Path, run: Run, about: dict[str, Any] | None = None) -> None:
    """Write all that a run needs to go on as if it had never stopped.

    In a team, every process must call this, and the first one writes.
    """
    tensors = {f"model.{name}": tensor for name, tensor in run.model.state_dict().items()}
    names = {id(parameter): name for name, parameter in run.model.named_parameters()}
    for parameter, state in run.optimizer.state.items():
        for key, value in state.items():
            tensors[f"optimizer.{key}.{names[id(parameter)]}"] = torch.as_tensor(value)
    carry = run.carry if isinstance(run.carry, tuple) else (run.carry,)
    parts = [part for part in carry if part is not None]
    if run.team is not None:
        parts = [run.team.gather(part) for part in parts]
    tensors |= {f"carry.{i}": part for i, part in enumerate(parts)}
    facts = {
        **(about or {}),
        "done": run.done,
        "carried": isinstance(run.carry, tuple),
        "precision": run.began_in,
    }
    if run.team is None or run.team.rank == 0:
        save_tensors(path, tensors, facts)


def load_run(path: Path, run: Run) -> dict[str, Any]:
    """Bring a fresh run to where the saved one was; return what was said about it.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_tensors`, and for a file that is no checkpoint, or one of another network.
    """
    tensors, about = load_tensors(path)
    state = {key[6:]: value for key, value in tensors.items() if key.startswith("model.")}
    began = about.get("precision", run.began_in)  # the first checkpoints did not record it
    if (
        not state
        or not isinstance(about.get("done"), int)
        or "carried" not in about
        or began not in PRECISIONS
    ):
        raise ValueError(f"need a checkpoint of a run, but {path} is not one; delete or move it")
    learned = {key: value for key, value in tensors.items() if key.startswith("optimizer.")}
    parameters = dict(run.model.named_parameters())
    try:
        check_tensors(run.model, state)
        unknown = {key.split(".", 2)[-1] for key in learned} - set(parameters)
        if unknown:
            raise ValueError(f"it knows how to update {min(unknown)}, which is not there")
    except ValueError as error:
        raise ValueError(
            f"need a checkpoint of this network, but {path} is another's: {error}; train afresh "
            "in another folder, or bring back the recipe that it was for"
        ) from error
    run.model.load_state_dict(state)
    # Copies: a file's tensors begin at any address, and some loops add up in an order that
    # depends on it, so that the run would not go on bit for bit
    for key, value in learned.items():
        _, kind, name = key.split(".", 2)
        parameter = parameters[name]
        place = torch.device("cpu") if kind == "step" else parameter.device
        run.optimizer.state[parameter][kind] = value.to(place, copy=True)
    kept = [key for key in sorted(tensors) if key.startswith("carry.")]
    carry = tuple(tensors[key].to(run.device, copy=True) for key in kept)
    if run.team is not None:
        carry = tuple(run.team.part(part) for part in carry)
    run.carry = carry if about["carried"] else (carry[0] if carry else None)
    run.began_in, run.precision = began, keep_precision(began, run.device)
    run.done = about["done"]
    return about
