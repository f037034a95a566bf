"""The `em` group: that both sides of each race take the same step; how fast, only `bench` asks."""

import numpy as np
import pytest

from course_lib.benchmarks import em
from course_lib.benchmarks.measure import Row


@pytest.fixture
def compared(monkeypatch):
    """Make the group small, and note what it compares in place of timing it."""
    names = []

    def note(name, ours, theirs, *, goal, peer):
        mine = ours()
        assert np.isfinite(mine).all()
        np.testing.assert_allclose(mine, theirs(), atol=1e-8)
        names.append((peer, goal))
        return Row(name, 1.0, goal, peer, 1.0, 1.0, "s")

    monkeypatch.setattr(em, "MIXTURE", (300, (4,)))
    monkeypatch.setattr(em, "CHAIN", (300, ((3, 3.0, 10.0),)))
    monkeypatch.setattr(em, "faster", note)
    return names


def test_mixtures_take_scikit_learns_step(compared):
    assert [row.name for row in em._against_scikit_learn()] == [
        "EM step of a mixture, 300 x 20, 4 diagonal components"
    ]
    assert compared == [("scikit-learn", 2.0)]


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")  # theirs, numpy 2.5
def test_chains_take_hmmlearns_step(compared):
    pytest.importorskip("hmmlearn", reason="hmmlearn is not installed")
    names = [row.name for row in em._against_hmmlearn()]
    assert [name.rsplit(" ", 1)[1] for name in names] == ["scaling", "log"]
    assert compared == [("hmmlearn", 3.0), ("hmmlearn", 10.0)]


def test_clouds_are_the_same_every_time():
    (x, gaussians), (again, _) = em.clouds(50, 4), em.clouds(50, 4)
    np.testing.assert_array_equal(x, again)
    assert x.shape == (50, em.DIMS)
    assert len(gaussians) == 4
