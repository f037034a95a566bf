"""Emissions: densities term by term, draws that follow them, and states that nothing counts for."""

import numpy as np
import pytest
import scipy.stats

from course_lib.models.states.emissions import (
    CategoricalEmissions,
    GaussianEmissions,
    MixtureEmissions,
    shares,
)
from course_lib.models.states.gaussians import Gaussians
from course_lib.models.states.gmm import GaussianMixture

P = np.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7]])


def mixtures():
    gaussians = Gaussians([[-2.0], [1.0], [4.0], [6.0]], [[0.1], [0.5], [0.2], [1.0]])
    return MixtureEmissions([[0.3, 0.7], [0.9, 0.1]], gaussians)


def test_symbols_have_their_rows():
    np.testing.assert_allclose(np.exp(CategoricalEmissions(P).log_densities([2, 0])), P.T[[2, 0]])


def test_mixtures_are_mixtures(rng):
    model, x = mixtures(), rng.standard_normal((9, 1)) * 3
    for j in (0, 1):
        alone = GaussianMixture(
            model.weights[j],
            Gaussians(model.gaussians.means[2 * j :][:2], model.gaussians.covariances[2 * j :][:2]),
        )
        np.testing.assert_allclose(model.log_densities(x)[:, j], alone.log_densities(x))
        shares_of_j = np.zeros((9, 2))
        shares_of_j[:, j] = 1
        fitted = model.fitted(x, shares_of_j, floor=1e-6)
        r = alone.responsibilities(x)
        np.testing.assert_allclose(fitted.weights[j], r.mean(axis=0))
        np.testing.assert_allclose(
            fitted.gaussians.means[2 * j :][:2, 0], (r * x).sum(axis=0) / r.sum(axis=0)
        )
        np.testing.assert_array_equal(fitted.weights[1 - j], model.weights[1 - j])


def test_symbols_are_counted_with_weights():
    weights = np.array([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]])
    fitted = CategoricalEmissions(P).fitted([0, 1, 1], weights, floor=1.0)
    np.testing.assert_allclose(fitted.probabilities, [[0.5, 0.5, 0], [0, 1, 0]])
    unvisited = CategoricalEmissions(P).fitted([0], np.array([[1.0, 0.0]]), floor=1.0)
    np.testing.assert_allclose(unvisited.probabilities, [[1, 0, 0], P[1]])


def test_draws_follow_their_states(rng):
    path = np.repeat([0, 1], 20_000)
    symbols = CategoricalEmissions(P).draw(path, rng)
    for j in (0, 1):
        np.testing.assert_allclose(np.bincount(symbols[path == j], minlength=3) / 20_000, P[j],
                                   atol=0.02)  # fmt: skip
    x = mixtures().draw(path, rng)
    grid = np.linspace(-5, 11, 4000)
    cumulative = np.exp(mixtures().log_densities(grid[:, None])).cumsum(axis=0) * (
        grid[1] - grid[0]
    )
    for j in (0, 1):
        found = scipy.stats.kstest(
            x[path == j, 0], lambda v, j=j: np.interp(v, grid, cumulative[:, j])
        )
        assert found.pvalue > 0.001
    gaussians = GaussianEmissions(Gaussians([[0.0], [9.0]], [[1.0], [4.0]]))
    frames = gaussians.draw(path, rng)
    assert frames[path == 1].mean() == pytest.approx(9, abs=0.1)
    assert frames[path == 1].std() == pytest.approx(2, abs=0.1)


def test_free_parameters_and_states():
    gaussians = GaussianEmissions(Gaussians([[0.0], [9.0]], [[1.0], [4.0]]))
    found = [
        (e.states, e.free_parameters) for e in (CategoricalEmissions(P), gaussians, mixtures())
    ]
    assert found == [(2, 4), (2, 4), (2, 10)]


def test_rows_that_count_nothing_stay():
    before = np.array([[0.2, 0.8], [0.4, 0.6]])
    np.testing.assert_allclose(
        shares(np.array([[0.0, 0.0], [1.0, 3.0]]), before), [[0.2, 0.8], [0.25, 0.75]]
    )


def test_bad_emissions_are_named():
    with pytest.raises(ValueError, match="sum to one"):
        CategoricalEmissions([[0.5, 0.6]])
    with pytest.raises(ValueError, match=r"shape \(states, symbols\), got \(2,\)"):
        CategoricalEmissions([0.5, 0.5])
    with pytest.raises(ValueError, match="for 2 Gaussians"):
        MixtureEmissions([[1.0]], Gaussians([[0.0], [9.0]], [[1.0], [4.0]]))
    with pytest.raises(ValueError, match="need symbols from 0 to 2, got 0 to 3"):
        CategoricalEmissions(P).log_densities([0, 3])
    with pytest.raises(TypeError, match="whole-number symbols"):
        CategoricalEmissions(P).log_densities([0.5])
    with pytest.raises(ValueError, match="one or more symbols"):
        CategoricalEmissions(P).log_densities(np.zeros(0, int))
    with pytest.raises(ValueError, match="need frames of 1 values"):
        mixtures().log_densities(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="need frames of shape"):
        mixtures().check(np.zeros((0, 1)))
