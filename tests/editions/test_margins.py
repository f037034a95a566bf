"""Margins are recorded by kernels, compared between kinds of processors, and kept."""

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import threadpoolctl
import torch
from rich.console import Console

from course_lib.editions import course, margins
from course_lib.editions.chapters import Chapter
from course_lib.editions.execute import execute_all
from course_lib.editions.margins import collect, compare, load, processor, recording, show
from course_lib.teaching.margins import VARIABLE

Make = Callable[[dict[str, list[str]]], list[Chapter]]


def row(sentence: str, value: float | None, threshold: float = 10.0, **fields: Any) -> dict:
    known = value is not None
    return {
        "notebook": "03_scratch",
        "cell": 4,
        "sentence": sentence,
        "holds": True,
        "value": value,
        "threshold": threshold if known else None,
        "distance": threshold - value if known else None,
        "relative": (threshold - value) / threshold if known and threshold else None,
        "reason": None if known else "it compares nothing",
        **fields,
    }


def test_kernels_record_and_the_rows_are_kept(
    make_course: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = "from course_lib.teaching import claim\nx = 3"
    claims = 'claim(\n    "x is below 4", x < 4\n)\nclaim("x is above 1", x > 1)'
    chapters = make_course({"00_a": [cell, claims], "01_b": [cell, "claim('x is 3', x == 3)"]})
    folder = tmp_path / "margins"

    def execute(chapters: list[Chapter]) -> None:
        with recording(chapters, folder):
            execute_all(chapters, at_once=1, on_cell=lambda *_: None, on_done=lambda result: None)
        assert VARIABLE not in os.environ

    execute(chapters)
    printed = capsys.readouterr().out
    assert "25.0%" in printed
    assert "00, 3: x is below 4" in printed
    assert "2 of 3 claims could be measured" in printed
    (path,) = folder.iterdir()
    stored = load(path)
    assert [(r["notebook"], r["cell"], r["value"], r["threshold"]) for r in stored] == [
        ("00_a", 3, 3, 4),
        ("00_a", 3, 3, 1),
        ("01_b", 3, None, None),
    ]
    execute(chapters[:1])
    assert load(path) == stored


def test_the_command_records_while_it_runs(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    happened = []

    @contextmanager
    def noted(chapters: list[Chapter]) -> Iterator[None]:
        happened.append([chapter.number for chapter in chapters])
        yield
        happened.append("recorded")

    monkeypatch.setattr(margins, "recording", noted)
    monkeypatch.setattr(course, "run_course", lambda *_, **__: happened.append("ran") or [])
    assert run("run", "03") == (0, "", "")
    assert happened == ["ran"]
    assert run("run", "--margins", "03") == (0, "", "")
    assert happened == ["ran", ["03"], "ran", "recorded"]


def test_the_kind_of_processor_is_what_torch_and_openblas_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [{"architecture": "Zen"}, {"user_api": "openmp"}, {"architecture": "Zen"}]
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: found)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert processor() == "AVX512-Zen"


def test_a_failure_keeps_what_was_recorded_before_it(make_course: Make, tmp_path: Path) -> None:
    chapters = make_course({"00_a": ["1"]})
    with pytest.raises(KeyError), recording(chapters, tmp_path):  # noqa: PT012
        line = {"cell": "1", "holds": True, "sentence": "s", "relative": None, "distance": None}
        line |= {"value": None, "threshold": None, "reason": "none"}
        Path(os.environ[VARIABLE]).write_text(json.dumps(line) + "\n", encoding="utf-8")
        raise KeyError
    (path,) = tmp_path.glob("*.json")
    assert [r["sentence"] for r in load(path)] == ["s"]
    assert VARIABLE not in os.environ


def test_no_claims_are_no_rows(make_course: Make, tmp_path: Path) -> None:
    assert collect(tmp_path / "missing.jsonl", make_course({"00_a": ["1"]})) == []


@pytest.mark.parametrize(
    ("here", "there", "flag", "moved"),
    [
        (5.0, 5.0, "", 0),
        (5.0, 4.5, "", 0.5),  # a tenth of its distance
        (5.0, 3.5, "moves", 1.5),  # 0.3 of it
        (9.0, 9.0, "", 0),  # near, and the same on both
        (9.0, 8.9, "near", 0.1),
        (9.0, 11.0, "moves", 2),
        (10.5, 10.45, "near", 0.05),  # it fails here
    ],
)
def test_claims_that_move_and_claims_that_are_near(
    here: float, there: float, flag: str, moved: float
) -> None:
    (compared,) = compare([row("it holds", here)], [[row("it holds", there)]])
    assert compared["flag"] == flag
    assert compared["moved"] == pytest.approx(moved)


def test_the_farthest_of_several_kinds_counts_and_sentences_keep_their_order() -> None:
    here = [row("again", 1.0), row("again", 2.0), row("new", 3.0), row("unknown", None)]
    others = [[row("again", 1.5), row("again", 2.0)], [row("again", 0.0), row("unknown", 1.0)]]
    compared = compare(here, others)
    assert [(r["sentence"], r["value"], r["moved"]) for r in compared] == [
        ("new", 3.0, None),
        ("again", 2.0, 0.0),
        ("again", 1.0, 1.0),
        ("unknown", None, None),
    ]


def test_the_nearest_stand_first_and_a_threshold_of_zero_has_no_percents() -> None:
    here = [
        row("far", 1.0),
        row("fails", 11.0, holds=False),
        row("zero", -0.5, 0.0),
        row("unknown", None),
        row("[near] edge", 9.0),
    ]
    stream = io.StringIO()
    show(compare(here, []), "AVX2", [], Console(file=stream, width=100))
    lines = [" ".join(line.split()) for line in stream.getvalue().splitlines()]
    assert lines == [
        "distance value threshold notebook, cell: claim",
        "-10.0% 11 10 03, 4: fails [does not hold]",
        "10.0% 9 10 03, 4: [near] edge",
        "0.5 -0.5 0 03, 4: zero",
        "90.0% 1 10 03, 4: far",
        "03, 4: unknown [it compares nothing]",
        "AVX2: 4 of 5 claims could be measured",
    ]
    stream.truncate(0)
    show(compare(here, [here]), "AVX2", ["DEFAULT"], Console(file=stream, width=100))
    assert "0 move and 0 are near, against DEFAULT" in stream.getvalue()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"notebook": "03"}]'])
def test_a_file_that_holds_no_margins_is_refused_before_anything_runs(
    text: str, make_course: Make, tmp_path: Path
) -> None:
    (tmp_path / "AVX512.json").write_text(text, encoding="utf-8")
    with (
        pytest.raises(ValueError, match=r"AVX512\.json does not hold margins; delete it"),
        recording(make_course({"00_a": ["1"]}), tmp_path),
    ):
        pytest.fail("it ran")
