"""The restricted Boltzmann machine against sums over everything that it can draw."""

import itertools
import math

import numpy as np
import pytest
import scipy.integrate

from course_lib.core import seeded
from course_lib.models.latent import RBM, Learning
from course_lib.models.latent.partition import LogPartition


def small(visible=4, hidden=3, *, seed=0, gaussian=False, scale=1.0):
    rng = seeded(seed)
    return RBM(
        scale * rng.standard_normal((visible, hidden)),
        rng.standard_normal(visible),
        rng.standard_normal(hidden),
        0.5 + rng.random(visible) if gaussian else None,
    )


def all_of(units):
    return np.array(list(itertools.product([0.0, 1.0], repeat=units)))


def energy(model, v, h):
    """The energy as the paper writes it, term by term."""
    total = -sum(c * x for c, x in zip(model.hidden_bias, h, strict=True))
    for i, x in enumerate(v):
        lean = x * sum(model.weights[i, j] * h[j] for j in range(len(h)))
        if model.deviation is None:
            total -= model.visible_bias[i] * x + lean
        else:
            s = model.deviation[i]
            total += (x - model.visible_bias[i]) ** 2 / (2 * s**2) - lean / s**2
    return total


@pytest.mark.parametrize("gaussian", [False, True])
def test_free_energy_and_conditionals_by_all_hidden_configurations(gaussian):
    model = small(gaussian=gaussian)
    rows = all_of(4) if not gaussian else seeded(1).standard_normal((16, 4))
    for v, free, given in zip(rows, model.free_energy(rows), model.hidden_given(rows), strict=True):
        weight = np.array([math.exp(-energy(model, v, h)) for h in all_of(3)])
        assert free == pytest.approx(-math.log(weight.sum()))
        np.testing.assert_allclose(given, weight @ all_of(3) / weight.sum())


def test_visible_given_hidden_by_all_visible_configurations():
    model = small()
    for h, mean in zip(all_of(3), model.visible_given(all_of(3)), strict=True):
        weight = np.array([math.exp(-energy(model, v, h)) for v in all_of(4)])
        np.testing.assert_allclose(mean, weight @ all_of(4) / weight.sum())


@pytest.mark.parametrize("shape", [(4, 3), (3, 6), (1, 1)])
def test_probabilities_of_all_rows_sum_to_one(shape):
    model = small(*shape)
    every = all_of(shape[0])
    likelihoods = [model.log_likelihood(v[None]) for v in every]
    assert sum(math.exp(each.nats) for each in likelihoods) == pytest.approx(1)
    assert {each.kind for each in likelihoods} == {"exact"}
    total = sum(math.exp(-energy(model, v, h)) for v in every for h in all_of(shape[1]))
    assert model.log_partition().nats == pytest.approx(math.log(total))


def test_a_density_of_gaussian_units_integrates_to_one():
    model = small(1, 3, gaussian=True)

    def density(x):
        return math.exp(model.log_likelihood(np.array([[x]])).nats)

    assert scipy.integrate.quad(density, -30, 30)[0] == pytest.approx(1)


@pytest.mark.parametrize("gaussian", [False, True])
def test_draws_have_the_moments_of_the_machine(gaussian):
    model = small(3, 2, gaussian=gaussian, scale=0.7)
    drawn = model.sample(2000, sweeps=20, rng=seeded(2))
    weight = np.array([math.exp(-model_hidden_energy(model, h)) for h in all_of(2)])
    means = model.visible_given(all_of(2))
    expected = weight @ means / weight.sum()
    spread = np.sqrt(drawn.var(axis=0) / len(drawn))
    assert (np.abs(drawn.mean(axis=0) - expected) < 4.5 * spread).all()
    again = model.gibbs(drawn, sweeps=3, rng=seeded(3))
    assert (np.abs(again.mean(axis=0) - expected) < 4.5 * spread).all()


def model_hidden_energy(model, h):
    """-ln sum_v exp(-E(v, h)) up to a constant: by sums, or by completing the square."""
    if model.deviation is None:
        return -math.log(sum(math.exp(-energy(model, v, h)) for v in all_of(3)))
    m, s2 = model.weights @ h, model.deviation**2
    return -(model.hidden_bias @ h + np.sum((2 * model.visible_bias * m + m**2) / (2 * s2)))


@pytest.mark.parametrize("gaussian", [False, True])
def test_rows_do_not_depend_on_how_many_there_are(gaussian):
    model = small(gaussian=gaussian)
    few, many = (model.sample(n, sweeps=5, rng=seeded(1)) for n in (2, 5))
    np.testing.assert_array_equal(many[:2], few)
    moved = model.gibbs(many, sweeps=2, rng=seeded(4))
    np.testing.assert_array_equal(moved[:2], model.gibbs(few, sweeps=2, rng=seeded(4)))


def test_a_known_machine_is_found_again():
    """Fitted to its own draws, a machine gives them nearly the probability that its model has."""
    truth = RBM(np.outer([3, 3, 3, -3, -3, 3], [1.0, 1.0]), [-3, -3, -3, 3, 3, -3], np.zeros(2))
    rows, fresh = (truth.sample(1500, sweeps=20, rng=seeded(k)) for k in (1, 2))
    settings = Learning("pcd", batch=50, rate=0.05, sweeps=3)
    found = RBM.fit(rows, 2, epochs=30, settings=settings, rng=seeded(3))
    alone = RBM(np.zeros((6, 1)), _log_odds(rows.mean(axis=0)), np.zeros(1))
    per_row = [m.log_likelihood(fresh).nats / len(fresh) for m in (alone, found, truth)]
    assert per_row[1] > per_row[2] - 0.03
    assert per_row[1] > per_row[0] + 0.2


def _log_odds(p):
    return np.log(p / (1 - p))


def test_gaussian_units_learn_their_deviation_and_clusters():
    rng = seeded(1)
    centres = np.array([[1.0, 0.0], [-1.0, 1.0]])
    rows = centres[rng.integers(0, 2, 600)] + 0.3 * rng.standard_normal((600, 2))
    settings = Learning(
        "tempering", rate=0.05, rungs=5
    )  # chains would not cross from one to the other
    model = RBM.fit(rows, 3, units="gaussian", epochs=40, settings=settings, rng=seeded(2))
    normal = -0.5 * (math.log(np.linalg.det(np.cov(rows.T))) + 2 * math.log(2 * math.pi) + 2)
    assert model.log_likelihood(rows).nats / len(rows) > normal + 0.2
    assert (model.deviation < 0.45).all()


def test_estimated_partition_makes_an_estimate():
    model = small()
    z = model.log_partition(rng=seeded(1), chains=50, steps=200)
    assert z.kind == "estimate"
    likelihood = model.log_likelihood(all_of(4), log_partition=z)
    assert likelihood.kind == "estimate"
    assert likelihood.nats == pytest.approx(model.log_likelihood(all_of(4)).nats, abs=2)
    known = LogPartition(1.5, 0.0, "exact")
    assert model.log_likelihood(all_of(4)[:1], log_partition=known).nats == pytest.approx(
        -model.free_energy(all_of(4)[:1])[0] - 1.5
    )


def test_parameters_are_kept_and_closed():
    weights = np.ones((2, 2))
    model = RBM(weights, np.zeros(2), np.zeros(2))
    weights[:] = 7
    assert (model.weights == 1).all()
    with pytest.raises(ValueError, match="read-only"):
        model.weights[0, 0] = 2
    assert repr(model) == "RBM(2 binary visible units, 2 hidden)"


def test_bad_parameters_are_named():
    ones = np.ones
    with pytest.raises(ValueError, match="need 2 numbers for visible_bias, got 3"):
        RBM(ones((2, 2)), ones(3), ones(2))
    with pytest.raises(ValueError, match="need 2 numbers for hidden_bias, got 1"):
        RBM(ones((2, 2)), ones(2), ones(1))
    with pytest.raises(ValueError, match="every deviation above 0, got 0"):
        RBM(ones((2, 2)), ones(2), ones(2), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="nan"):
        RBM(np.full((2, 2), np.nan), ones(2), ones(2))


def test_bad_rows_are_named():
    model = small()
    with pytest.raises(ValueError, match="from 0 to 1 for binary units, got -1 to 0"):
        model.free_energy(np.array([[0.0, -1, 0, 0]]))
    with pytest.raises(ValueError, match="need 4 numbers a row, got 3"):
        model.hidden_given(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"v of shape \(rows, visible\)"):
        model.log_likelihood(np.zeros(4))
    with pytest.raises(ValueError, match="need 3 hidden units a row, got 4"):
        model.visible_given(np.zeros((1, 4)))
    with pytest.raises(ValueError, match="nan"):
        model.gibbs(np.full((1, 4), np.nan), rng=seeded(0))
    with pytest.raises(ValueError, match="count of at least 1, got 0"):
        model.sample(0, rng=seeded(0))
    with pytest.raises(TypeError, match="numpy Generator"):
        model.sample(1, rng=3)


def test_bad_fits_are_named():
    rows = np.zeros((60, 2))
    with pytest.raises(ValueError, match="a batch of 50 rows, got 9"):
        RBM.fit(rows[:9], 2, rng=seeded(0))
    with pytest.raises(ValueError, match="units out of binary, gaussian, got 'real'"):
        RBM.fit(rows, 2, units="real", rng=seeded(0))
    with pytest.raises(ValueError, match="from 0 to 1 for binary units"):
        RBM.fit(rows - 1, 2, rng=seeded(0))
    with pytest.raises(ValueError, match="hidden of at least 1"):
        RBM.fit(rows, 0, rng=seeded(0))
    with pytest.raises(TypeError, match="numpy Generator"):
        RBM.fit(rows, 2, rng=0)


@pytest.mark.parametrize("gaussian", [False, True])
def test_rows_that_never_change_are_learned(gaussian):
    rows = np.tile([0.0, 1.0, 1.0], (50, 1))
    units = "gaussian" if gaussian else "binary"
    model = RBM.fit(rows, 2, units=units, epochs=30, rng=seeded(0))
    assert np.isfinite(model.weights).all()
    np.testing.assert_allclose(
        model.sample(20, sweeps=10, rng=seeded(1)).mean(0), rows[0], atol=0.2
    )
