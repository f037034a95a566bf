"""The game on points: data, coverage by hand, and that both networks learn."""

import math

import numpy as np
import pytest
import torch

from course_lib.models.adversarial.points import (
    PointGame,
    PointGameConfig,
    modes_found,
    point_batches,
    ring,
    scattered,
)
from course_lib.training import AdversarialSchedule, adversarial_steps


def test_a_ring_is_even():
    places = ring(6, radius=1.5)
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), 1.5)
    gaps = np.linalg.norm(places - np.roll(places, 1, axis=0), axis=1)
    np.testing.assert_allclose(gaps, gaps[0])


def test_points_scatter_around_every_centre():
    points = scattered(ring(4), 0.1, 8000, np.random.default_rng(1))
    found = modes_found(points, ring(4), spread=0.1)
    assert found.found == 4
    assert found.near == pytest.approx(1 - math.exp(-8), abs=0.002)  # Rayleigh beyond 4 sigma
    assert found.divergence < 0.002


def test_coverage_by_hand():
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    points = np.array([[0.1, 0.0], [0.0, -0.2], [9.9, 0.0], [5.0, 5.0]])
    found = modes_found(points, centres, spread=0.1)
    assert (found.found, found.near) == (2, 0.75)
    expected = 2 / 3 * math.log(3 * 2 / 3) + 1 / 3 * math.log(3 * 1 / 3)
    assert found.divergence == pytest.approx(expected)
    one = modes_found(points[:2], centres, spread=0.1)
    assert (one.found, one.divergence) == (1, pytest.approx(math.log(3)))
    none = modes_found(points[3:], centres, spread=0.1)
    assert none == (0, 0.0, 0.0)


def test_a_batch_depends_on_the_seed_and_its_index_alone():
    batches = point_batches(ring(), spread=0.1, size=5, seed=2)
    assert torch.equal(batches(3).sounds, batches(3).sounds)
    assert not torch.equal(batches(3).sounds, batches(4).sounds)
    other = point_batches(ring(), spread=0.1, size=5, seed=3)(3)
    assert not torch.equal(batches(3).sounds, other.sounds)


@pytest.mark.parametrize(
    "settings",
    [
        {"game": "minimax"},
        {"game": "non-saturating", "r1": 0.1},
        {"game": "hinge", "spectral": True},
        {"game": "wasserstein", "penalty": 1.0},
    ],
)
def test_a_generator_learns_where_a_single_cloud_is(settings):
    centre = np.array([[1.0, -1.0]])
    game = PointGame(PointGameConfig(width=16, **settings), seed=1)
    before = game.points(200, rng=np.random.default_rng(1)).mean(axis=0)
    schedule = AdversarialSchedule(
        200, 1e-2, warmup=0, weight_decay=0.0, averaging=0.9, discriminator_rate=0.5
    )
    for _ in adversarial_steps(game, point_batches(centre, spread=0.3, size=64, seed=1), schedule):
        pass
    after = game.points(200, rng=np.random.default_rng(1)).mean(axis=0)
    assert np.linalg.norm(after - centre) < 0.5 * np.linalg.norm(before - centre)


def test_points_do_not_depend_on_their_count():
    game = PointGame(PointGameConfig(), seed=1)
    few = game.points(2, rng=np.random.default_rng(1))
    many = game.points(5, rng=np.random.default_rng(1))
    np.testing.assert_allclose(many[:2], few, atol=1e-6)


def test_penalties_are_part_of_the_loss():
    batch = point_batches(ring(), spread=0.1, size=16, seed=1)(0)
    plain = PointGame(PointGameConfig(), seed=1).discriminator_loss(batch)
    for settings in ({"penalty": 2.0}, {"r1": 2.0}):
        more = PointGame(PointGameConfig(**settings), seed=1).discriminator_loss(batch)
        assert float(more.detach()) > float(plain.detach())


def test_bad_settings_and_points_are_refused():
    with pytest.raises(ValueError, match="game out of"):
        PointGameConfig(game="poker")
    with pytest.raises(ValueError, match="width of at least 1"):
        PointGameConfig(width=0)
    with pytest.raises(ValueError, match="need r1 of 0 or more"):
        PointGameConfig(r1=-1)
    with pytest.raises(ValueError, match="points of 3 numbers, got 2"):
        PointGame(PointGameConfig(dims=3)).discriminator_loss(
            point_batches(ring(), spread=0.1, size=2, seed=1)(0)
        )
    with pytest.raises(ValueError, match="modes of at least 1"):
        ring(0)
    with pytest.raises(ValueError, match="one number of dims"):
        modes_found(np.zeros((2, 3)), ring(), spread=0.1)
    with pytest.raises(ValueError, match="spread strictly"):
        modes_found(np.zeros((2, 2)), ring(), spread=0.0)
    with pytest.raises(ValueError, match="size of at least 1"):
        point_batches(ring(), spread=0.1, size=0, seed=1)
    with pytest.raises(TypeError, match="numpy Generator"):
        scattered(ring(), 0.1, 3, 7)
