"""Trained models on disk: weights and a card in a folder, from a run, loaded by name."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import soundfile
import torch

from course_lib.core import sha256, write_text
from course_lib.corpora import Recording
from course_lib.corpora.catalogue import data_folder
from course_lib.evaluation.ears.classifier import Classifier, ClassifierConfig
from course_lib.models.diffusion.sounds import SoundDiffusion, SoundDiffusionConfig
from course_lib.models.sequence.talker import Talker, TalkerConfig
from course_lib.models.waveform.recurrent import RecurrentConfig, RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet, WaveNetConfig
from course_lib.training.checkpoints import check_tensors, load_tensors, save_tensors
from course_lib.zoo.cards import Card, from_json
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

HEADLINES = {
    "bits per sample": "{:.2f} bits per sample of held-out recordings",
    "accuracy, test": "{:.0%} of held-out hits recognised",
    "recognised": "{:.0%} of drawn hits recognised as what they should be",
    "nats per mel value": "{:.2f} nats per mel value of unheard sentences",
}
"""How scores are told, the most telling first."""


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
    with _explained(path):
        about: dict[str, Any] = json.loads(path.read_bytes())
        from_json(Card, about, "card")
        configuration_from_json(about["model"], about["configuration"])
        headline(about)
    return about


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
    with _explained(path):
        tensors, _ = load_tensors(path)
        if sha256(path) != about["weights"]["sha256"]:
            raise ValueError("its SHA-256 is not the one on the card")
        numbers = sum(tensor.numel() for tensor in tensors.values())
        if numbers != about["weights"]["numbers"]:
            raise ValueError(f"it holds {numbers} numbers, not the card's")
        network = network_of(configuration_from_json(about["model"], about["configuration"]))
        check_tensors(network, tensors)
    network.load_state_dict({key: value.float() for key, value in tensors.items()})
    return network.eval()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say of which model and which file it is that something in it will not do."""
    try:
        yield
    except (ArithmeticError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        name = path.resolve().parent.name
        raise ValueError(
            f"cannot use the trained model {name}, {path} is damaged or another's: {why}; "
            f"restore both of its files (git restore data/zoo), or publish its run again"
        ) from error


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
    return from_json(CONFIGURATIONS[model], settings, "card.configuration")


def headline(card: dict[str, Any]) -> str:
    """Return the most telling of a card's scores in words.

    Raises
    ------
    ValueError
        For a card without any such score.
    """
    scores = card["scores"]
    told = [line.format(scores[name]) for name, line in HEADLINES.items() if name in scores]
    if not told:
        raise ValueError(f"need one of the scores {', '.join(HEADLINES)} in card.scores, got none")
    for which in GRAMMARS:  # of talkers, where a recogniser was at hand
        if error := scores.get(f"word error, {which}"):
            told[0] += f", {error['rate']:.1%} of words misheard in {which}"
    return told[0]


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
