"""Gaussians: densities by scipy, moments by hand, and what happens where data say nothing."""

import numpy as np
import pytest
import scipy.stats

from course_lib.kernels import states as kernels
from course_lib.models.states.gaussians import (
    Gaussians,
    diagonal_log_densities_by_hand,
    normalised_by_hand,
    raised,
    weighted_moments_by_hand,
)

KINDS = ("full", "tied", "diagonal", "spherical")


def some(rng, kind, components=3, dims=2):
    """Return random Gaussians of one kind."""
    root = rng.standard_normal((components, dims, dims))
    full = root @ np.swapaxes(root, 1, 2) + 0.1 * np.eye(dims)
    shapes = {
        "full": full,
        "tied": full[0],
        "diagonal": rng.uniform(0.1, 2, (components, dims)),
        "spherical": rng.uniform(0.1, 2, components),
    }
    return Gaussians(rng.standard_normal((components, dims)), shapes[kind], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_log_densities_are_scipys(kind, rng):
    model, x = some(rng, kind, dims=3), rng.standard_normal((20, 3))
    for k, (mean, matrix) in enumerate(zip(model.means, model.matrices(), strict=True)):
        expected = scipy.stats.multivariate_normal(mean, matrix).logpdf(x)
        np.testing.assert_allclose(model.log_densities(x)[:, k], expected, atol=1e-10)


def test_kernels_agree_with_their_twins(rng):
    x, means = rng.standard_normal((30, 4)), rng.standard_normal((5, 4))
    variances = rng.uniform(0.1, 3, (5, 4))
    logs = diagonal_log_densities_by_hand(x, means, variances)
    np.testing.assert_allclose(
        Gaussians(means, variances).log_densities(x), logs, rtol=0, atol=1e-12
    )
    shares, nats = normalised_by_hand(logs)
    assert kernels.normalise_rows(logs) == pytest.approx(nats, abs=1e-10)
    np.testing.assert_allclose(logs, shares, atol=1e-14)
    ours = kernels.weighted_moments(shares, x, np.ascontiguousarray(means.T))
    for got, expected in zip(ours, weighted_moments_by_hand(shares, x, means), strict=True):
        np.testing.assert_allclose(got.T, expected, atol=1e-12)


def test_shares_survive_where_every_density_underflows():
    logs = np.array([[-2000.0, -2001.0], [-1e300, -np.inf]])
    shares, nats = normalised_by_hand(logs[:1])
    assert kernels.normalise_rows(logs[:1]) == pytest.approx(nats)
    np.testing.assert_allclose(shares[0], [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))])
    assert kernels.normalise_rows(np.full((1, 2), -np.inf)) == -np.inf


@pytest.mark.parametrize("kind", KINDS)
def test_one_gaussian_is_fitted_by_the_sample_moments(kind, rng):
    x = rng.standard_normal((200, 3)) @ rng.standard_normal((3, 3)) + 5
    covariance = np.cov(x.T, bias=True)
    expected = {
        "full": covariance[None],
        "tied": covariance,
        "diagonal": np.diag(covariance)[None],
        "spherical": np.array([np.trace(covariance) / 3]),
    }
    fitted = some(rng, kind, 1, 3).fitted(x, np.ones((200, 1)), floor=1e-6)
    np.testing.assert_allclose(fitted.means[0], x.mean(axis=0))
    np.testing.assert_allclose(fitted.covariances, expected[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_gaussian_that_no_frame_wants_stays(kind, rng):
    model, x = some(rng, kind), rng.standard_normal((50, 2))
    shares = np.zeros((50, 3))
    shares[:, 1] = 1
    fitted = model.fitted(x, shares, floor=1e-6)
    np.testing.assert_array_equal(fitted.means[[0, 2]], model.means[[0, 2]])
    if kind != "tied":
        np.testing.assert_array_equal(fitted.covariances[[0, 2]], model.covariances[[0, 2]])
    np.testing.assert_allclose(fitted.means[1], x.mean(axis=0))


@pytest.mark.parametrize("kind", KINDS)
def test_frames_that_coincide_are_given_the_floor(kind, rng):
    x = np.full((10, 2), 3.0)
    fitted = some(rng, kind).fitted(x, np.full((10, 3), 1 / 3), floor=0.01)
    np.testing.assert_allclose(fitted.matrices(), np.tile(0.01 * np.eye(2), (3, 1, 1)))
    assert np.isfinite(fitted.log_densities(x)).all()


def test_raised_lifts_eigenvalues_alone():
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    matrix = turn @ np.diag([4.0, 1e-4]) @ turn.T
    np.testing.assert_allclose(raised(matrix, 0.25), turn @ np.diag([4.0, 0.25]) @ turn.T)
    np.testing.assert_array_equal(raised(matrix, 1e-5), matrix)


@pytest.mark.parametrize("kind", KINDS)
def test_normals_are_placed_with_the_covariance(kind, rng):
    model = some(rng, kind)
    which = np.repeat(np.arange(3), 40_000)
    x = model.placed(which, rng.standard_normal((len(which), 2)))
    for k, matrix in enumerate(model.matrices()):
        np.testing.assert_allclose(np.cov(x[which == k].T), matrix, atol=0.1)
        np.testing.assert_allclose(x[which == k].mean(axis=0), model.means[k], atol=0.05)


def test_far_data_lose_no_digits(rng):
    """Differences are squared, not squares differenced: a mean of 1e8 costs nothing."""
    x = rng.standard_normal((1000, 1))
    near = Gaussians([[0.0]], [[1.0]]).fitted(x, np.ones((1000, 1)), floor=1e-6)
    far = Gaussians([[1e8]], [[1.0]]).fitted(x + 1e8, np.ones((1000, 1)), floor=1e-6)
    assert far.covariances[0, 0] == pytest.approx(near.covariances[0, 0], rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [1.0]), "need means of shape"),
        (([[1.0]], [1.0]), r"need diagonal covariances of shape \(1, 1\)"),
        (([[1.0]], [[-1.0]]), "need variances of 0 or more, got -1"),
        (([[np.nan]], [[1.0]]), "need finite means"),
        (([[1.0]], [[1.0]], "oval"), "need a covariance out of full, tied"),
        (([[0.0, 0.0]], [[[1.0, 0.5], [0.0, 1.0]]], "full"), "need symmetric"),
        (([[0.0, 0.0]], [[1.0, 2.0], [2.0, 1.0]], "tied"), "without negative eigenvalues, got -1"),
    ],
)
def test_bad_parameters_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Gaussians(*arguments)


@pytest.mark.parametrize("kind", KINDS)
def test_points_can_be_drawn_and_have_no_density(kind):
    covariances = {"full": (2, 1, 1), "tied": (1, 1), "diagonal": (2, 1), "spherical": (2,)}
    points = Gaussians([[1.0], [2.0]], np.zeros(covariances[kind]), kind)
    np.testing.assert_array_equal(points.placed(np.array([1, 0]), np.ones((2, 1))), [[2], [1]])
    with pytest.raises(ValueError, match="need variances above 0 for a density"):
        points.log_densities([[1.0]])


def test_bad_frames_are_named(rng):
    model = some(rng, "full")
    for bad in (np.zeros((0, 2)), np.zeros(2), np.zeros((3, 1)), np.full((3, 2), np.nan)):
        with pytest.raises(ValueError, match="need"):
            model.log_densities(bad)
    assert len(model) == 3
    assert "3 in 2 dimensions, full" in repr(model)
    assert not model.means.flags.writeable


def test_the_loops_exponential_is_numpys_to_the_last_digits():
    x = -np.append(0.0, np.geomspace(1e-12, 707, 5000))
    values, tops = kernels.exponentials(x[None])
    assert tops == [0]
    np.testing.assert_allclose(values[0], np.exp(x), rtol=1e-15)
    values, tops = kernels.exponentials(np.array([[3.0, -720.0, -np.inf], [-np.inf] * 3]))
    np.testing.assert_array_equal(values, [[1, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(tops, [3, 0])


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_moments_of_odd_and_even_numbers_of_frames(frames, rng):
    x, weights = rng.standard_normal((frames, 2)), rng.random((frames, 3))
    centres = rng.standard_normal((3, 2))
    ours = kernels.weighted_moments(weights, x, np.ascontiguousarray(centres.T))
    for got, expected in zip(ours, weighted_moments_by_hand(weights, x, centres), strict=True):
        np.testing.assert_allclose(got.T, expected)
