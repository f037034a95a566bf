"""How comparisons are taken; what they measure belongs to `course bench`."""

import importlib.util
import json
import re
import subprocess

import numpy as np
import pytest

from course_lib import benchmarks
from course_lib.benchmarks import Missing, Row, ar, measure
from course_lib.benchmarks.measure import faster, if_installed, place


def test_a_speed_should_be_high_and_a_size_low():
    fast = Row("speed", 6.0, 5.0, "peer 1", 1.0, 6.0, "s")
    small = Row("size", 0.9, 1.05, "peer 1", 9, 10, "bytes", at_most=True)
    assert fast.met
    assert small.met
    assert not Row("speed", 4.0, 5.0, "peer 1", 1.0, 4.0, "s").met
    assert not Row("size", 1.1, 1.05, "peer 1", 11, 10, "bytes", at_most=True).met
    written = json.loads(json.dumps([fast.as_json(), small.as_json()]))
    assert all({"name", "ratio", "goal", "peer", "met"} <= row.keys() for row in written)


def test_a_table_says_where_and_of_which_commit_it_was_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(measure, "checkout", lambda: tmp_path)
    assert place()["machine"]
    assert place()["commit"] is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    (tmp_path / "file").write_text("one")
    for words in (["init", "-q"], ["add", "file"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], check=True)
    commit = place()["commit"]
    assert re.fullmatch("[0-9a-f]{7,}", commit)
    (tmp_path / "file").write_text("two")
    assert place()["commit"] == f"{commit}-dirty"
    monkeypatch.setattr(measure, "checkout", lambda: None)
    assert place()["commit"] is None


def test_ratio_is_the_peers_time_over_ours():
    def slow():
        return np.linalg.svd(np.eye(150))[1]

    row = faster("svd", lambda: np.ones(150), slow, goal=2.0, peer="numpy")
    assert row.ratio == pytest.approx(row.theirs / row.ours)
    assert row.ratio > 2
    assert row.peer == f"numpy {np.__version__}"


def test_different_results_have_no_ratio():
    for wrong in (1 + 1e-6, np.nan):
        with pytest.raises(ArithmeticError, match="differ from numpy's by"):
            faster("x", lambda w=wrong: np.array([w]), lambda: np.ones(1), goal=1.0, peer="numpy")


def test_missing_peer_is_a_message(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (line,) = if_installed("librosa", lambda: pytest.fail("compared with what is not there"))
    assert isinstance(line, Missing)
    assert "librosa is not installed" in line.reason


def test_unknown_group_is_named():
    known = "ar, arima, coding, diffusion, em, mel, rbm, samplers, training"
    with pytest.raises(ValueError, match=f"out of {known}, got 'speed'"):
        benchmarks.run("speed")


def test_the_compared_functions_agree(monkeypatch):
    """Every row of the group on short signals: `faster` insists on equal results to 1e-8."""
    compared = []

    def note(name, ours, theirs, *, goal, peer):
        np.testing.assert_allclose(ours(), theirs(), atol=1e-8)
        compared.append(peer)
        return Row(name, 1.0, goal, peer, 1.0, 1.0, "s")

    monkeypatch.setattr(ar, "faster", note)
    x = ar._speechlike(2000)
    frames = x.reshape(-1, 400)
    assert len([*ar._burg(x, x, frames), *ar._yule_walker(x, frames)]) == 5
    assert compared == ["librosa"] * 3 + ["statsmodels"] * 2
