"""The gradient is the difference of two averages: by finite differences of the likelihood."""

import numpy as np
import pytest

from course_lib.core import seeded
from course_lib.models.latent import energies, partition
from course_lib.models.latent.energies import Parameters


def machine(visible, hidden, *, gaussian=False, seed=0):
    rng = seeded(seed)
    return Parameters(
        rng.standard_normal((visible, hidden)),
        rng.standard_normal(visible),
        rng.standard_normal(hidden),
        np.log(0.5 + rng.random(visible)) if gaussian else None,
    )


def model_average(p):
    """The statistics under the machine itself: every hidden configuration, v by formula."""
    h = energies.every_configuration(p.weights.shape[1]).astype(float)
    m = h @ p.weights.T
    if p.log_variance is None:
        log_weight = np.logaddexp(0, m + p.visible_bias).sum(axis=1) + h @ p.hidden_bias
    else:
        s2 = np.exp(p.log_variance)
        log_weight = ((2 * p.visible_bias * m + m**2) / (2 * s2)).sum(axis=1) + h @ p.hidden_bias
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = energies.visible_mean(p, h)
    if p.log_variance is None:
        return Parameters((weight[:, None] * mean).T @ h, weight @ mean, weight @ h)
    pull = ((m**2 + s2) / 2 - (p.visible_bias + m) * m) / s2  # E[(v - b)^2] = m^2 + s^2
    return Parameters(
        (weight[:, None] * mean).T @ h / s2[:, None],
        weight @ (mean - p.visible_bias) / s2,
        weight @ h,
        weight @ pull,
    )


def log_likelihood(p, v):
    return float((-energies.free_energy(p, v) - partition.exact_log_partition(p)).mean())


@pytest.mark.parametrize("gaussian", [False, True])
def test_gradient_is_the_difference_of_two_averages(gaussian):
    p, rng = machine(4, 3, gaussian=gaussian), seeded(2)
    v = rng.standard_normal((7, 4)) if gaussian else (rng.random((7, 4)) < 0.5).astype(float)
    data = energies.statistics(p, v, energies.hidden_probabilities(p, v))
    for name, pull, push in zip(Parameters._fields, data, model_average(p), strict=True):
        if pull is None:
            continue
        value = getattr(p, name)
        for place in np.ndindex(value.shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = value.copy()
                moved[place] += step
                sides.append(log_likelihood(p._replace(**{name: moved}), v))
            slope = (sides[0] - sides[1]) / 2e-5
            assert slope == pytest.approx((pull - push)[place], abs=1e-7), (name, place)


def test_every_configuration_counts_up():
    every = energies.every_configuration(3)
    assert every.shape == (8, 3)
    assert [int("".join("01"[int(x)] for x in row), 2) for row in every] == list(range(8))


def test_tempered_lies_between_independent_units_and_the_machine():
    p = machine(4, 3)
    v = np.ones((2, 4))
    np.testing.assert_array_equal(energies.hidden_probabilities(energies.tempered(p, 0), v), 0.5)
    for same, value in zip(energies.tempered(p, 1.0), p, strict=True):
        np.testing.assert_array_equal(same, value)


@pytest.mark.parametrize("gaussian", [False, True])
def test_energy_of_pairs_sums_to_the_free_energy(gaussian):
    p = machine(4, 3, gaussian=gaussian)
    v = seeded(1).random((5, 4))
    h = energies.every_configuration(3).astype(float)
    of_pairs = np.stack([energies.energy(p, v, np.tile(each, (5, 1))) for each in h])
    free = -np.log(np.exp(-of_pairs).sum(axis=0))
    np.testing.assert_allclose(energies.free_energy(p, v), free)
