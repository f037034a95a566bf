"""The `arima` group: that what it races is right; how fast, only `course bench` asks."""

import dataclasses

import numpy as np
import pytest

from course_lib.benchmarks import arima
from course_lib.core import seeded
from course_lib.evaluation.concealment import ConcealmentScore
from course_lib.models.linear.arima import ARIMA


@pytest.mark.parametrize("order", arima.ORDERS)
def test_the_raced_models_can_be_found_again(order):
    """Poles and zeros lie inside the circle and apart, so that no factor cancels."""
    model = arima.known_model(order)
    assert model.order == order
    assert model.is_stationary
    assert model.is_invertible
    poles, zeros = np.roots(np.r_[1, -model.phi]), np.roots(np.r_[1, model.theta])
    assert np.abs(np.subtract.outer(poles, zeros)).min() > 0.3


def test_likelihoods_equal_the_peers():
    (row,) = arima._equal_likelihoods()
    assert row.met
    assert "72 cases" in row.name


def test_a_peers_model_is_read_rightly():
    x = arima.known_model((2, 1, 1)).sample(400, rng=seeded(1))[0]
    theirs, ours = arima._by_statsmodels(x, (2, 1, 1)), ARIMA.fit(x, (2, 1, 1))
    np.testing.assert_allclose(theirs.phi, ours.phi, atol=0.01)
    np.testing.assert_allclose(theirs.theta, ours.theta, atol=0.01)
    assert theirs.variance == pytest.approx(ours.variance, rel=1e-3)


def test_a_race_is_void_where_the_peer_found_more(monkeypatch):
    x = arima.known_model((2, 0, 1)).sample(300, rng=seeded(1))[0]
    best = ARIMA.fit(x, (2, 0, 1))
    poor = dataclasses.replace(best, theta=best.theta + 0.2)
    monkeypatch.setattr(arima, "interleaved", lambda *functions: [1.0, 3.0])
    row = arima.race("fit", x, (2, 0, 1), lambda *_: poor, "numpy", goal=2.0)
    assert row.ratio == 3
    monkeypatch.setattr(arima.ARIMA, "fit", lambda *_: poor)
    with pytest.raises(ArithmeticError, match="likelier by"):
        arima.race("fit", x, (2, 0, 1), lambda *_: best, "numpy", goal=2.0)


def test_concealment_is_held_against_the_best_of_the_others(monkeypatch):
    distances = {"forward": 5.0, "backward": 6.0, "crossfade": 4.0, "arma": 4.5, "two-sided": 3.0}

    def scores(clips, packet, *, methods, rng):
        assert len(clips) > 20
        return {method: ConcealmentScore(distances[method], 0.0, 7) for method in methods}

    monkeypatch.setattr(arima, "compare_concealment", scores)
    rows = list(arima._concealment())
    assert [row.ratio for row in rows] == [0.75, 0.75]
    assert all(row.met and "crossfade" in row.peer for row in rows)
