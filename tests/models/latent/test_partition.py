"""The estimate of ln Z against the sum that it stands for."""

import math

import numpy as np
import pytest

from course_lib.core import seeded
from course_lib.models.latent import energies, partition
from course_lib.models.latent.energies import Parameters


def machine(visible, hidden, *, gaussian=False, scale=1.0, seed=0):
    rng = seeded(seed)
    return Parameters(
        scale * rng.standard_normal((visible, hidden)),
        rng.standard_normal(visible),
        rng.standard_normal(hidden),
        np.log(0.5 + rng.random(visible)) if gaussian else None,
    )


@pytest.mark.parametrize("gaussian", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_annealing_is_within_half_a_nat_of_enumeration_at_16_hidden_units(gaussian, seed):
    p = machine(24, 16, gaussian=gaussian, scale=0.5 if gaussian else 1.0, seed=seed)
    exact = float(partition.exact_log_partition(p))
    estimate = partition.annealed_log_partition(p, chains=100, steps=500, rng=seeded(seed))
    assert abs(estimate.nats - exact) < 0.5
    assert estimate.kind == "estimate"
    assert abs(estimate.nats - exact) < 5 * estimate.deviation + 0.05


def test_annealing_is_unbiased_from_few_steps():
    """E[w] = Z / Z_0, however short the path; the average over many chains finds it."""
    p = machine(5, 3)
    exact = float(partition.exact_log_partition(p))
    estimate = partition.annealed_log_partition(p, chains=1500, steps=3, rng=seeded(1))
    assert abs(estimate.nats - exact) < 4 * estimate.deviation
    assert 0 < estimate.deviation < 0.1


@pytest.mark.parametrize("gaussian", [False, True])
def test_without_weights_the_partition_is_known(gaussian):
    p = machine(4, 3, gaussian=gaussian)
    free = energies.tempered(p, 0.0)
    known = float(partition.independent_log_partition(p))
    assert known == pytest.approx(float(partition.exact_log_partition(free)))
    estimate = partition.annealed_log_partition(free, chains=5, steps=4, rng=seeded(1))
    assert estimate.nats == pytest.approx(known)
    assert estimate.deviation == pytest.approx(0, abs=1e-9)


def test_a_machine_may_have_a_bias_of_its_own_for_each_row():
    p = machine(4, 3, gaussian=True)
    rows = p._replace(
        visible_bias=p.visible_bias + np.arange(3)[:, None],
        hidden_bias=p.hidden_bias - np.arange(3)[:, None],
    )
    together = partition.exact_log_partition(rows)
    for r in range(3):
        one = p._replace(visible_bias=rows.visible_bias[r], hidden_bias=rows.hidden_bias[r])
        assert together[r] == pytest.approx(float(partition.exact_log_partition(one)))


def test_large_biases_do_not_overflow():
    p = Parameters(np.full((2, 2), 500.0), np.full(2, 500.0), np.full(2, 500.0))
    assert float(partition.exact_log_partition(p)) == pytest.approx(4000.0)
    assert math.isfinite(partition.annealed_log_partition(p, chains=3, steps=3, rng=seeded(0)).nats)


def test_too_many_units_and_bad_settings_are_named():
    with pytest.raises(ValueError, match="at most 16 units to enumerate, got 17"):
        partition.exact_log_partition(machine(17, 20))
    with pytest.raises(ValueError, match="at most 16 units"):
        partition.exact_log_partition(machine(4, 17, gaussian=True))
    small = machine(2, 2)
    with pytest.raises(ValueError, match="chains of at least 2, got 1"):
        partition.annealed_log_partition(small, chains=1, rng=seeded(0))
    with pytest.raises(ValueError, match="steps of at least 1, got 0"):
        partition.annealed_log_partition(small, steps=0, rng=seeded(0))
