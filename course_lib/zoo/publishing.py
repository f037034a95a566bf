"""From a finished run to a trained network: weights in float16, and a card that says all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import soundfile
import torch

from course_lib.core import Adversarial, sha256, write_text
from course_lib.corpora import Recording
from course_lib.training.checkpoints import load_tensors, save_tensors
from course_lib.zoo.networks import kind_of
from course_lib.zoo.recipes.protocol import Recipe
from course_lib.zoo.records import CHECKPOINT, began_in, changes, check_same_recipe
from course_lib.zoo.store import CARD, WEIGHTS, card, load


def publish(name: str, recipe: Recipe, run: Path, folder: Path) -> dict[str, Any]:
    """Write a finished run's weights and card into a folder; return the card.

    The weights are stored in float16 and scored as stored, on the test split.

    Parameters
    ----------
    name : of the model
    recipe : of the run
    run : the folder that the run trained in
    folder : where the weights and the card go

    Raises
    ------
    FileNotFoundError, ValueError
        For a run that is not there, damaged, unfinished, or of another recipe.
    """
    tensors, about = load_tensors(run / CHECKPOINT)
    if about.get("done") != recipe.schedule.steps:
        raise ValueError(
            f"need a finished run of {recipe.schedule.steps} steps in {run}, got "
            f"{about.get('done')}; go on with it (--resume)"
        )
    check_same_recipe(about, recipe, run / CHECKPOINT)
    spent = about.get("spent", [])  # the first runs did not record it
    state = {key[6:]: t.half() for key, t in tensors.items() if key.startswith("model.")}
    began = began_in(about)
    if not all(torch.isfinite(tensor).all() for tensor in state.values()):
        raise ValueError(f"need weights that float16 can hold, but some in {run} are too large")
    network: Any = recipe.build()
    network.load_state_dict({key: tensor.float() for key, tensor in state.items()})
    if isinstance(network, Adversarial):  # the opponent has done its work
        network, state = network.kept, _part(state, "kept.")
    network.eval()
    save_tensors(folder / WEIGHTS, state)
    settings, found = asdict(recipe), recipe.examine(network)
    written = {
        "name": name,
        "about": recipe.describe(network),
        "headline": recipe.headline(found),
        **corpus(recipe.recordings()),
        "model": kind_of(recipe.configuration),
        "configuration": asdict(recipe.configuration),
        "weights": {
            "numbers": sum(tensor.numel() for tensor in state.values()),
            "stored as": "float16",
            "sha256": sha256(folder / WEIGHTS),
        },
        "training": {
            **{key: value for key, value in settings.items() if key != "configuration"},
            "schedule": asdict(recipe.schedule) | {"precision": began},
            "seconds": round(about["seconds"]),
            "hardware": [part["hardware"] for part in spent],
            "precision": [part.get("precision", began) for part in spent],
            "versions": [part["versions"] for part in spent],
            "changes": changes(spent),
            "validation": about["validation"],
            **({"earlier": card(name)["training"]} if recipe.begins_with == name else {}),
        },
        "scores": found,
    }
    return write_card(folder, written)


def examine(name: str, recipe: Recipe) -> dict[str, Any]:
    """Return the card of a published model with scores of today, and everything else as it was.

    The recordings to judge by, or the judge, may have changed since the model was published; what
    it learned from has not.

    Parameters
    ----------
    name : of the model
    recipe : by which it is examined

    Raises
    ------
    ValueError
        For a name that is not there, damaged files, or weights of another configuration.
    """
    about, network = card(name), load(name)
    if (stored := kind_of(network.config)) != (asked := kind_of(recipe.configuration)):
        raise ValueError(f"need a recipe of a {stored} to examine {name}, got one of a {asked}")
    found = recipe.examine(network)
    return {**about, "headline": recipe.headline(found), "scores": found}


def write_card(folder: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Write a card into a folder, and return it as it will be read."""
    text = json.dumps(about, indent=2, ensure_ascii=False)
    write_text(folder / CARD, text + "\n")
    read: dict[str, Any] = json.loads(text)
    return read


def _part(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Return the tensors whose names begin so, without that beginning."""
    return {key.removeprefix(prefix): t for key, t in state.items() if key.startswith(prefix)}


def corpus(recordings: Iterable[Recording]) -> dict[str, Any]:
    """Return what recordings a network learned from, whom to thank, and on what terms.

    The hash is the SHA-256 of a line ``name sha256`` for each recording, sorted. Weights carry
    the strictest licence among the recordings'.
    """
    recordings = sorted(recordings, key=lambda recording: recording.name)
    lines = "".join(f"{recording.name} {recording.sha256}\n" for recording in recordings)
    licences = sorted({recording.licence for recording in recordings})
    shared = [licence for licence in licences if "-SA-" in licence]
    return {
        "licence": (shared or licences)[-1],
        "credit": sorted({_credit(recording) for recording in recordings}),
        "corpus": {
            "recordings": len(recordings),
            "seconds": round(sum(recording.seconds for recording in recordings), 1),
            "languages": sorted({recording.language for recording in recordings}),
            "voices": sorted({recording.voice for recording in recordings}),
            "licences": licences,
            "split": ", ".join(sorted({recording.split for recording in recordings})),
            "sha256": hashlib.sha256(lines.encode()).hexdigest(),
        },
    }


def _credit(recording: Recording) -> str:
    """Return whom a recording's file names."""
    with soundfile.SoundFile(recording.path) as file:
        return str(file.artist)
