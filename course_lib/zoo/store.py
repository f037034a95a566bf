"""Trained models on disk: weights and a card in a folder, from a run, loaded by name."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import soundfile
import torch

from course_lib.core import write_text
from course_lib.corpora import Recording
from course_lib.corpora.catalogue import data_folder
from course_lib.models.classifier import Classifier, ClassifierConfig
from course_lib.models.recurrent import RecurrentConfig, RecurrentNetwork
from course_lib.models.sound_diffusion import SoundDiffusion, SoundDiffusionConfig
from course_lib.models.talker import Talker, TalkerConfig
from course_lib.models.wavenet import WaveNet, WaveNetConfig
from course_lib.training.checkpoints import load_tensors, save_tensors
from course_lib.zoo.recipes import (
    CHECKPOINT,
    AnyConfiguration,
    AnyNetwork,
    AnyRecipe,
    network_of,
)
from course_lib.zoo.records import began_in, changes, check_same_recipe
from course_lib.zoo.talkers import GRAMMARS

WEIGHTS, CARD = "weights.safetensors", "card.json"

CONFIGURATIONS: dict[str, type[AnyConfiguration]] = {
    WaveNet.__name__: WaveNetConfig,
    RecurrentNetwork.__name__: RecurrentConfig,
    Talker.__name__: TalkerConfig,
    SoundDiffusion.__name__: SoundDiffusionConfig,
    Classifier.__name__: ClassifierConfig,
}
"""What a card calls a network, and the kind of its configuration."""


# ---------------------------------------------------------------- loading


def names() -> list[str]:
    """Return the names of the trained models in data/zoo, sorted.

    Raises
    ------
    FileNotFoundError
        Where there is no data folder.
    """
    return sorted(card.parent.name for card in (data_folder() / "zoo").glob(f"*/{CARD}"))


def card(name: str | Path) -> dict[str, Any]:
    """Return the card of a trained model: what it is, what it learned from, and how well.

    Parameters
    ----------
    name : one of `names`, or the path of a folder that holds weights and a card

    Raises
    ------
    ValueError
        For a name that is not there (near ones are offered), or a damaged card.
    FileNotFoundError
        For a folder without a card.
    """
    path = _folder(name) / CARD
    if not path.is_file():
        raise FileNotFoundError(
            f"need a trained model, but there is no {path}; `course train` leaves one in its "
            "folder after the last step"
        )
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"need a card of the course's, but {path} is damaged ({error})") from error
    wanted = {"name", "about", "model", "configuration", "weights", "scores"}
    missing = wanted - set(about) if isinstance(about, dict) else wanted
    if missing:
        raise ValueError(f"need a card of the course's, but {path} lacks {sorted(missing)}")
    return dict(about)


def load(name: str | Path) -> AnyNetwork:
    """Return a trained network in float32, ready to sample and to score.

    ::

        network = zoo.load("wavenet-speech")
        sound = network.sample(8000, rng=np.random.default_rng(1))[0]

    Parameters
    ----------
    name : one of `names`, or the path of a folder that holds weights and a card

    Raises
    ------
    ValueError
        For a name that is not there (near ones are offered), a damaged card, or weights that are
        damaged or not the card's own.
    FileNotFoundError
        For a folder without a card or weights.

    Notebooks: 08, 11, 12.
    """
    about, path = card(name), _folder(name) / WEIGHTS
    network = network_of(configuration_from_json(about["model"], about["configuration"]))
    tensors, _ = load_tensors(path)
    if sha256(path) != about["weights"].get("sha256"):
        raise ValueError(
            f"need the weights that the card speaks of, but {path} is another file or damaged; "
            "restore both (git restore data/zoo) or publish the run again"
        )
    network.load_state_dict({key: value.float() for key, value in tensors.items()})
    return network.eval()


def _folder(name: str | Path) -> Path:
    if isinstance(name, Path):
        return name
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.3) or known
        offer = f"there are {', '.join(near)}" if near else "there is none yet"
        raise ValueError(f"no trained model is called {name!r}; {offer}")
    return data_folder() / "zoo" / name


def configuration_from_json(model: str, settings: dict[str, Any]) -> AnyConfiguration:
    """Return the configuration that `dataclasses.asdict` and JSON made `settings` of.

    Raises
    ------
    TypeError, ValueError
        For another kind of network, or settings that it does not have or that will not do.
    """
    if model not in CONFIGURATIONS:
        raise ValueError(f"need a network out of {', '.join(CONFIGURATIONS)}, got {model!r}")
    return _built(CONFIGURATIONS[model], settings)


def _built(kind: Any, settings: dict[str, Any]) -> Any:
    unknown = set(settings) - {field.name for field in fields(kind)}
    if unknown:
        raise ValueError(
            f"need settings of {kind.__name__}, got {', '.join(sorted(unknown))} as well; "
            "this card is from another version of the course"
        )
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], value) for name, value in settings.items()})


def _value(hint: Any, value: Any) -> Any:
    """Undo what JSON does to a value: tuples become lists, dataclasses dictionaries."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        kinds = [kind for kind in (hint, *get_args(hint)) if is_dataclass(kind)]
        fitting = [k for k in kinds if set(value) <= {field.name for field in fields(k)}]
        return _built((fitting or kinds)[0], value)
    return value


def headline(card: dict[str, Any]) -> str:
    """Return the most telling of a card's scores in words."""
    scores = card["scores"]
    if "bits per sample" in scores:
        return f"{scores['bits per sample']:.2f} bits per sample of held-out recordings"
    if "accuracy, test" in scores:
        return f"{scores['accuracy, test']:.0%} of held-out hits recognised"
    if "recognised" in scores:
        return f"{scores['recognised']:.0%} of drawn hits recognised as what they should be"
    told = f"{scores['nats per mel value']:.2f} nats per mel value of unheard sentences"
    for which in GRAMMARS:  # where a recogniser was at hand
        error = scores.get(f"word error, {which}")
        told += f", {error['rate']:.1%} of words misheard in {which}" if error else ""
    return told


# ------------------------------------------------------------- publishing


def publish(name: str, recipe: AnyRecipe, run: Path, folder: Path) -> dict[str, Any]:
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
    network.eval()
    save_tensors(folder / WEIGHTS, state)
    written = {
        "name": name,
        "about": recipe.describe(network),
        **corpus(recipe.recordings()),
        "model": type(network).__name__,
        "configuration": asdict(recipe.network),
        "weights": {
            "numbers": sum(tensor.numel() for tensor in state.values()),
            "stored as": "float16",
            "sha256": sha256(folder / WEIGHTS),
        },
        "training": {
            **{key: value for key, value in asdict(recipe).items() if key != "network"},
            "schedule": asdict(recipe.schedule) | {"precision": began},
            "seconds": round(about["seconds"]),
            "hardware": [part["hardware"] for part in spent],
            "precision": [part.get("precision", began) for part in spent],
            "versions": [part["versions"] for part in spent],
            "changes": changes(spent),
            "validation": about["validation"],
        },
        "scores": recipe.examine(network),
    }
    text = json.dumps(written, indent=2, ensure_ascii=False)
    write_text(folder / CARD, text + "\n")
    return json.loads(text)


def corpus(recordings: Iterable[Recording]) -> dict[str, Any]:
    """Return what recordings a network learned from, whom to thank, and on what terms.

    The hash is the SHA-256 of a line ``name sha256`` for each recording, sorted.  Weights carry
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


def sha256(path: Path) -> str:
    """Return the hash of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
