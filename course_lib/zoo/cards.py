"""What stands on a card, and reading it: types of Python brought back from JSON, and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import (
    Any,
    Literal,
    TypedDict,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

Weights = TypedDict("Weights", {"numbers": int, "stored as": str, "sha256": str})


class Training(TypedDict):
    """How long a training run took, and how well it did after so many steps."""

    seconds: float
    validation: list[tuple[int, float]]


class Card(TypedDict):
    """What every card holds; there may be more."""

    name: str
    about: str
    headline: str
    model: str
    configuration: dict[str, Any]
    weights: Weights
    training: Training
    scores: dict[str, Any]


def trainings(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all trainings of a card's network, the last first: each began with the next one's."""
    found, part = [], card["training"]
    while part is not None:
        found.append(part)
        part = part.get("earlier")
    return found


def from_json(kind: Any, value: Any, where: str) -> Any:
    """Return the value of a type that `dataclasses.asdict` and JSON made `value` of.

    JSON makes lists of tuples, and objects of dataclasses; this undoes it.

    Parameters
    ----------
    kind : a dataclass or typed dictionary of such kinds, tuple, list or dict of them, Literal, a
        union, int, float, str, bool, None or Any
    value : what JSON holds
    where : what an error calls the value

    Raises
    ------
    ValueError
        For a value of another type, an unknown or missing name, or a number that is not finite.
    TypeError, ValueError
        As the dataclass.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if is_dataclass(kind) or is_typeddict(kind):
        return _object(kind, value, where)
    if origin in (Union, UnionType):
        return from_json(_fitting(inner, value), value, where)
    if origin is Literal and isinstance(value, str) and value in inner:
        return value
    if origin is dict and isinstance(value, dict):
        return {key: from_json(inner[1], each, f"{where}.{key}") for key, each in value.items()}
    if origin in (tuple, list) and isinstance(value, list):
        kinds = inner if origin is tuple and inner[1:] != (...,) else inner[:1] * len(value)
        if len(kinds) == len(value):
            pairs = enumerate(zip(kinds, value, strict=True))
            return origin(from_json(k, each, f"{where}[{i}]") for i, (k, each) in pairs)
    if kind is float and type(value) in (int, float) and math.isfinite(value):
        return value
    if kind in (int, str, bool, type(None)) and type(value) is kind:
        return value
    name = kind.__name__ if isinstance(kind, type) and origin is None else str(kind)
    raise ValueError(f"need {name} for {where}, got {_shortened(value)}")


def _object(kind: Any, value: Any, where: str) -> Any:
    """Return a dataclass, or a dictionary whose known names hold what they should."""
    if not isinstance(value, dict):
        raise ValueError(f"need names and values for {where}, got {_shortened(value)}")
    hints = get_type_hints(kind)
    found = {
        name: from_json(hints[name], each, f"{where}.{name}")
        for name, each in value.items()
        if name in hints
    }
    if missing := _needed(kind) - set(found):
        raise ValueError(f"need {', '.join(sorted(missing))} in {where}, got none")
    if is_typeddict(kind):
        return {**value, **found}
    if unknown := set(value) - set(found):
        raise ValueError(
            f"need settings of {kind.__name__} in {where}, got {', '.join(sorted(unknown))} as well"
        )
    return kind(**found)


def _needed(kind: Any) -> set[str]:
    if is_typeddict(kind):
        return set(kind.__required_keys__)
    return {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}


def _fitting(kinds: tuple[Any, ...], value: Any) -> Any:
    """Return which of some kinds a value looks most like."""
    if value is None and type(None) in kinds:
        return type(None)
    settled = [kind for kind in kinds if kind is not type(None)]
    if not isinstance(value, dict) or len(settled) == 1:
        return settled[0]
    return max(settled, key=lambda kind: len(set(value) & {field.name for field in fields(kind)}))


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
