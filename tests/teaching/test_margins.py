"""The margin of a claim is what its comparison, computed by hand, says."""

import json
from pathlib import Path
from typing import Any

import pytest

from course_lib.teaching import ClaimError, claim, margins

PREPARE = """
import numpy as np
import torch
from course_lib.teaching import claim
x, y = 3.0, np.array([1.0, 2.0, 4.0])
tensor = torch.tensor([0.5, 0.25], dtype=torch.bfloat16, requires_grad=True)
scores = {"a": 7.5, "b": 8.0}
"""


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a cell, and return what its claims recorded."""

    def run(cell: str) -> list[dict[str, Any]]:
        file = tmp_path / "claims.jsonl"
        file.unlink(missing_ok=True)
        monkeypatch.setenv(margins.VARIABLE, str(file))
        names: dict[str, Any] = {}
        exec(PREPARE, names)
        source = tmp_path / f"cell_{len(list(tmp_path.iterdir()))}.py"
        source.write_text(cell, encoding="utf-8")
        exec(compile(cell, str(source), "exec"), names)
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    return run


@pytest.mark.parametrize(
    ("truth", "value", "threshold", "distance"),
    [
        ("x < 4", 3, 4, 1),
        ("x <= 4.0", 3, 4, 1),
        ("x > 2", 3, 2, 1),
        ("2 < x", 3, 2, 1),
        ("-1 > -x", -3, -1, 2),
        ("x < 10 ** (20 / 10)", 3, 100, 97),
        ("2 < x < 9", 3, 2, 1),
        ("0.5 < x < 3.5", 3, 3.5, 0.5),
        ("x < scores['a'] and x > 1", 3, 7.5, 4.5),
        ("(y < 5).all()", 4, 5, 1),
        ("np.all(np.diff(y) > 0.5)", 1, 0.5, 0.5),
        ("bool(np.all(y < 2 * y + 1))", 4, 9, 5),
        ("abs(x - 2.5) < 1", 0.5, 1, 0.5),
        ("np.abs(y - 1).max() < 4", 3, 4, 1),
        ("all(v > 6 for v in scores.values())", 7.5, 6, 1.5),
        ("all([v > 6 for v in scores.values()])", 7.5, 6, 1.5),
        ("all((y < v).all() for v in scores.values())", 4, 7.5, 3.5),
        ("np.allclose(y, [1, 2, 3.5], rtol=0, atol=1)", 0.5, 1, 0.5),
        ("np.isclose(x, 2, rtol=1, atol=0)", 1, 2, 1),
        ("torch.allclose(tensor.float(), torch.tensor([0.5, 0.5]), rtol=0, atol=1)", 0.25, 1, 0.75),
        ("(tensor < 1).all().item()", 0.5, 1, 0.5),
        ("min(v for k, v in scores.items() if k != 'a') > 4", 8, 4, 4),
        ("len(scores) == 2 and x < 4", 3, 4, 1),
        ("(lambda limit: x < limit)(4) and x < 5", 3, 5, 2),
    ],
)
def test_both_sides_are_found(
    truth: str, value: float, threshold: float, distance: float, rows: Any
) -> None:
    (row,) = rows(f"claim('it holds',\n    {truth},\n    measured=x)")
    assert (row["value"], row["threshold"]) == pytest.approx((value, threshold), rel=1e-6)
    assert row["distance"] == pytest.approx(distance, rel=1e-6)
    assert row["relative"] == pytest.approx(distance / abs(threshold), rel=1e-6)
    assert (row["holds"], row["reason"]) == (True, None)


def test_a_threshold_of_zero_has_no_relative_distance(rows: Any) -> None:
    (row,) = rows("claim('it rises', (np.diff(y) > 0).all())")
    assert (row["value"], row["threshold"], row["distance"]) == (1, 0, 1)
    assert row["relative"] is None
    assert "threshold of 0" in row["reason"]


@pytest.mark.parametrize(
    ("truth", "reason"),
    [
        ("x == 3", "equality"),
        ("'a' in scores", "membership"),
        ("x > 2 or x < 1", "compares nothing"),
        ("not x > 4", "compares nothing"),
        ("bool(x)", "compares nothing"),
        ("'abc' < 'abd'", "no numbers: str, str"),
        ("{1} < {1, 2}", "no numbers: set, set"),
        ("[1, 2] < [1, 3]", "by their order"),
        ("(np.zeros(0) < 1).all()", "empty"),
        ("x < float('inf')", "not finite"),
        ("next(iterator) < 2", "comes out differently"),
        ("next(iterator) > 0 and next(iterator) > 0", "raises StopIteration"),
    ],
)
def test_what_cannot_be_measured_says_why(truth: str, reason: str, rows: Any) -> None:
    (row,) = rows(f"iterator = iter([1, 2])\nclaim('it holds', holds={truth})")
    assert row["distance"] is row["relative"] is None
    assert reason in row["reason"]


def test_a_name_stands_for_what_its_cell_assigned_last(rows: Any) -> None:
    cell = """
near = x > 100
for limit in (4, 5):
    near = x < limit
    claim(f"below {limit}", near)
near = x > 100
kept = [v > 7 for v in scores.values()]
claim("all are kept", all(kept))
first, second = x < 9, x < 8
claim("one of two", first)
near = x < 8
near = near and x < 7
claim("by way of itself", near)
"""
    found = [(row["value"], row["threshold"]) for row in rows(cell)]
    assert found == [(3, 4), (3, 5), (7.5, 7), (None, None), (3, 7)]


def test_claims_in_functions_see_local_names(rows: Any) -> None:
    cell = """
def judge(limit):
    claim("all are below", all(v < limit for v in scores.values()))
judge(10)
"""
    (row,) = rows(cell)
    assert (row["value"], row["threshold"]) == (8, 10)
    assert row["cell"] == cell


def test_a_claim_that_fails_is_recorded_with_a_negative_distance(rows: Any) -> None:
    cell = """
try:
    claim("it is small", x < 2)
except Exception as error:
    print(error)
"""
    (row,) = rows(cell)
    assert (row["holds"], row["distance"], row["relative"]) == (False, -1, -0.5)


def test_nothing_is_measured_in_a_normal_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(margins.VARIABLE, raising=False)
    monkeypatch.setattr(margins, "record", None)
    monkeypatch.chdir(tmp_path)
    claim("it holds", 1 < 2)
    with pytest.raises(ClaimError):
        claim("it does not", 2 < 1)
    assert capsys.readouterr().out == "✓ it holds\n"
    assert list(tmp_path.iterdir()) == []
