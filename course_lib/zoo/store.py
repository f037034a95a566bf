"""Trained networks on disk, loaded by name: weights and a card in a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course_lib.core import installed_data, nearest, sha256
from course_lib.corpora.catalogue import data_folder
from course_lib.training.checkpoints import check_tensors, load_tensors
from course_lib.zoo.cards import Card, from_json
from course_lib.zoo.networks import configuration_from_json, network_of

WEIGHTS, CARD = "weights.safetensors", "card.json"


def names() -> list[str]:
    """Return the names of the trained models in data/zoo, sorted.

    Raises
    ------
    FileNotFoundError
        Where there is no data folder.
    """
    return sorted(card.parent.name for card in (data_folder() / "zoo").glob(f"*/{CARD}"))


def place(name: str) -> Path:
    """Return the folder in data/zoo where a network of that name is published.

    Raises
    ------
    PermissionError
        Where the data folder is the installed package, which belongs to pip.
    """
    folder = data_folder()
    if folder == installed_data():
        raise PermissionError(
            f"cannot publish into {folder}, which pip installed; set COURSE_DATA to a data folder "
            "of your own"
        )
    return folder / "zoo" / name


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
        about: dict[str, Any] = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
        from_json(Card, about, "card")
        configuration_from_json(about["model"], about["configuration"])
    return about


def load(name: str | Path) -> Any:
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


def _refuse_constant(name: str) -> float:
    raise ValueError(f"need finite numbers, got {name}")


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
            "restore both of its files (git restore data/zoo, or install "
            "audio-generation-course-data again), or publish its run again"
        ) from error


def _folder(name: str | Path) -> Path:
    if isinstance(name, Path):
        return name
    known = names()
    if name not in known:
        raise ValueError(f"no trained model is called {name!r}; {nearest(name, known)}")
    return data_folder() / "zoo" / name
