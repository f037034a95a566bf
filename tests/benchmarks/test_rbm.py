"""The `rbm` group: that both sides do the same work; how fast, only `course bench` asks."""

import importlib.util

import numpy as np

from course_lib.benchmarks import Missing, rbm
from course_lib.core import seeded


def test_both_sides_end_at_the_same_weights():
    v = (seeded(1).random((40, 9)) < 0.3).astype(float)
    weights = 0.1 * seeded(2).standard_normal((9, 4))
    ours, theirs = (side(v, weights, 10) for side in (rbm.our_epoch, rbm.their_epoch))
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    assert np.abs(ours - weights).max() > 1e-3


def test_rows_name_what_was_raced(monkeypatch):
    monkeypatch.setattr(rbm, "faster", lambda name, ours, theirs, **settings: (name, settings))
    found = list(rbm.rows())
    assert found[0][0] == "RBM epoch, 64 x 64, 1,000 rows in batches of 10"
    assert len(found) == len(rbm.SHAPES)
    assert all(settings == {"goal": 1.0, "peer": "scikit-learn"} for _, settings in found)


def test_a_missing_peer_is_a_message(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (line,) = rbm.rows()
    assert isinstance(line, Missing)
