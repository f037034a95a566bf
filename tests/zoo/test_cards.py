"""Types of Python brought back from JSON: what `dataclasses.asdict` wrote, and nothing else."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

import pytest

from course_lib.zoo.cards import from_json, trainings


@dataclass(frozen=True)
class Inner:
    name: str
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    sizes: tuple[int, ...]
    pair: tuple[int, str]
    kind: Literal["a", "b"]
    inner: Inner | None = None
    named: dict[str, float] | None = None


@pytest.mark.parametrize(
    "value",
    [
        Outer((1, 2), (3, "x"), "a"),
        Outer((), (3, "x"), "b", Inner("é", 1.0)),
        Outer((1,), (0, ""), "b", Inner("n"), {"one": 1.0}),
    ],
    ids=str,
)
def test_what_was_written_comes_back(value):
    assert from_json(Outer, json.loads(json.dumps(asdict(value))), "it") == value


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sizes": [1, 2.5]}, r"need int for it.sizes\[1\], got 2.5"),
        ({"sizes": [True]}, r"need int for it.sizes\[0\], got True"),
        ({"pair": [1]}, r"for it.pair, got \[1\]"),
        ({"kind": "c"}, "for it.kind, got 'c'"),
        ({"inner": {"share": 1}}, "need name in it.inner, got none"),
        ({"inner": {"name": "n", "colour": 1}}, "settings of Inner in it.inner, got colour"),
        ({"inner": {"name": "n", "share": float("inf")}}, "need float for it.inner.share, got inf"),
    ],
    ids=str,
)
def test_anything_else_is_named_and_refused(change, said):
    written = asdict(Outer((1,), (3, "x"), "a")) | {"sizes": [1], "pair": [3, "x"]} | change
    with pytest.raises(ValueError, match=said):
        from_json(Outer, written, "it")


def test_all_trainings_of_a_card_are_found_the_last_first():
    first = {"seconds": 1.0}
    second = {"seconds": 2.0, "earlier": first}
    last = {"seconds": 3.0, "earlier": second}
    assert trainings({"training": last}) == [last, second, first]
    assert trainings({"training": first}) == [first]
