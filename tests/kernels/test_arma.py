"""Compiled ARMA loops against their readable twins and dense linear algebra."""

import numpy as np
import pytest
import scipy.linalg
from oracles import arma_autocovariance, gaussian_log_density, stable_phi

from course_lib.kernels import arma as kernels
from course_lib.kernels import kalman
from course_lib.models.linear import state_space as twins

ORDERS = [(1, 0), (0, 1), (2, 1), (1, 3), (4, 4), (5, 2)]


def padded(phi, theta):
    order = max(len(phi), len(theta), 1)
    return np.pad(phi, (0, order - len(phi))), np.pad(theta, (0, order - len(theta)))


def process(rng, p, q, largest=0.9):
    return stable_phi(rng, p, largest), -stable_phi(rng, q, largest)


def with_gaps(rng, length):
    x = rng.standard_normal(length)
    x[[0, 3, 4, length - 1]] = np.nan
    x[length // 2 : length // 2 + 5] = np.nan
    return x


def compiled_filter(x, phi, theta, *, steady_switch=True):
    root = kernels.stationary_root(phi, theta)
    missing = np.isnan(x)
    return kalman.kalman_filter(x[None], missing, phi, theta, root @ root.T, steady_switch, True)


def log_likelihood(x, phi, theta):
    """At the best variance, without the constants, as `concentrated_likelihood` counts it."""
    predictions, variances, _ = compiled_filter(x, *padded(phi, theta))
    energy = np.sum((x - predictions[0]) ** 2 / variances)
    return -0.5 * len(x) * np.log(energy) - 0.5 * np.log(variances).sum()


@pytest.mark.parametrize(("p", "q"), ORDERS)
class TestKalman:
    def test_filter_agrees_with_its_twin(self, rng, p, q):
        phi, theta = padded(*process(rng, p, q))
        x = with_gaps(rng, 60)
        root = kernels.stationary_root(phi, theta)
        twin = twins.kalman_filter(x, phi, theta, root @ root.T)
        predictions, variances, gains = compiled_filter(x, phi, theta)
        np.testing.assert_allclose(predictions[0], twin.predictions, atol=1e-10)
        np.testing.assert_allclose(variances, twin.variances, atol=1e-10)
        np.testing.assert_allclose(gains, twin.gains, atol=1e-10)

    def test_steady_state_changes_nothing(self, rng, p, q):
        phi, theta = padded(*process(rng, p, q))
        x = with_gaps(rng, 900)
        switched = compiled_filter(x, phi, theta)
        full = compiled_filter(x, phi, theta, steady_switch=False)
        for fast, slow in zip(switched, full, strict=True):
            np.testing.assert_allclose(fast, slow, atol=1e-12)
        assert switched[1][-300] == 1.0  # it did switch

    def test_smoother_agrees_with_its_twin(self, rng, p, q):
        phi, theta = padded(*process(rng, p, q))
        x = with_gaps(rng, 60)
        root = kernels.stationary_root(phi, theta)
        filtered = twins.kalman_filter(x, phi, theta, root @ root.T)
        filled = twins.kalman_smoother(x, filtered, phi)
        predictions, variances, gains = compiled_filter(x, phi, theta)
        missing = np.isnan(x)
        innovations = np.where(missing, 0.0, x - predictions[0])[None]
        corrections = kalman.kalman_smoother(innovations, missing, variances, gains, phi)
        ours = np.where(missing, predictions[0] + corrections[0], x)
        np.testing.assert_allclose(ours, filled, atol=1e-10)

    def test_gaps_have_their_conditional_distribution(self, rng, p, q):
        """Mean and variance given both sides, from the dense covariance matrix."""
        phi, theta = process(rng, p, q)
        x = with_gaps(rng, 40)
        missing = np.isnan(x)
        covariance = scipy.linalg.toeplitz(arma_autocovariance(phi, theta, 1.0, 39))
        across = covariance[np.ix_(missing, ~missing)]
        gain = np.linalg.solve(covariance[np.ix_(~missing, ~missing)], across.T).T
        variance = np.diag(covariance[np.ix_(missing, missing)] - gain @ across.T)
        predictions, variances, gains = compiled_filter(x, *padded(phi, theta))
        wide_phi, _ = padded(phi, theta)
        innovations = np.where(missing, 0.0, x - predictions[0])[None]
        corrections = kalman.kalman_smoother(innovations, missing, variances, gains, wide_phi)
        filled = (predictions + corrections)[0, missing]
        np.testing.assert_allclose(filled, gain @ x[~missing], atol=1e-9)
        left = kalman.smoothed_variances(missing, variances, gains, wide_phi)
        np.testing.assert_allclose(left[missing], variance, atol=1e-9)
        assert (left[~missing] == 0).all()

    def test_state_covariance_is_stationary(self, rng, p, q):
        phi, theta = padded(*process(rng, p, q))
        transition = np.eye(len(phi), k=1)
        transition[:, 0] += phi
        drive = np.outer(phi + theta, phi + theta)
        expected = scipy.linalg.solve_discrete_lyapunov(transition, drive)
        root = kernels.stationary_root(phi, theta)
        np.testing.assert_allclose(root @ root.T, expected, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("length", [6, 8, 200])
@pytest.mark.parametrize(("p", "q"), [(0, 0), *ORDERS])
class TestConcentratedLikelihood:
    def test_is_the_normal_density_at_its_best_variance(self, rng, p, q, length):
        phi, theta = process(rng, p, q)
        x = rng.standard_normal(length)
        value, energy, *_ = kernels.concentrated_likelihood(x, phi, theta)
        variance = energy / length
        density = gaussian_log_density(x, arma_autocovariance(phi, theta, variance, length))
        constant = 0.5 * length * (np.log(length / (2 * np.pi)) - 1)
        assert value + constant == pytest.approx(density, rel=1e-9)

    def test_gradient_is_that_of_the_kalman_filter(self, rng, p, q, length):
        phi, theta = process(rng, p, q, largest=0.8)
        x = rng.standard_normal(length)
        _, _, by_phi, by_theta, by_mean = kernels.concentrated_likelihood(x, phi, theta)
        step = 1e-6
        for i in range(p):
            d = step * np.eye(p)[i]
            rise = log_likelihood(x, phi + d, theta) - log_likelihood(x, phi - d, theta)
            assert by_phi[i] == pytest.approx(rise / (2 * step), abs=1e-5, rel=1e-6)
        for i in range(q):
            d = step * np.eye(q)[i]
            rise = log_likelihood(x, phi, theta + d) - log_likelihood(x, phi, theta - d)
            assert by_theta[i] == pytest.approx(rise / (2 * step), abs=1e-5, rel=1e-6)
        rise = log_likelihood(x - step, phi, theta) - log_likelihood(x + step, phi, theta)
        assert by_mean == pytest.approx(rise / (2 * step), abs=1e-5, rel=1e-6)


@pytest.mark.parametrize("radius", [0.999, 0.99999])
def test_poles_beside_the_circle_cost_no_digits(rng, radius):
    """Two pairs of poles and one of zeros, all near z = 1: speech at a high sample rate."""
    poles = radius * np.exp(1j * np.array([0.03, -0.03, 0.05, -0.05]))
    zeros = 0.99 * np.exp(1j * np.array([0.04, -0.04]))
    phi, theta = -np.real(np.poly(poles))[1:], np.real(np.poly(zeros))[1:]
    x = np.cumsum(rng.standard_normal(300))
    value, *_ = kernels.concentrated_likelihood(x, phi, theta)
    assert value == pytest.approx(log_likelihood(x, phi, theta), rel=1e-7)


@pytest.mark.parametrize("sizes", [(2, 1, 1, 1), (0, 1, 2, 0), (1, 0, 0, 1), (3, 0, 2, 0)])
def test_gradient_by_partial_autocorrelations(rng, sizes):
    x = rng.standard_normal(80)
    k = rng.uniform(-0.7, 0.7, sum(sizes))
    sizes = np.array(sizes)
    _, _, gradient = kernels.likelihood_of_reflections(x, k, sizes, 4)
    for i, d in enumerate(1e-6 * np.eye(len(k))):
        above = kernels.likelihood_of_reflections(x, k + d, sizes, 4)[0]
        below = kernels.likelihood_of_reflections(x, k - d, sizes, 4)[0]
        assert gradient[i] == pytest.approx((above - below) / 2e-6, abs=1e-5, rel=1e-6)


def test_seasonal_factors_multiply_as_polynomials(rng):
    short, seasonal = rng.standard_normal(2), rng.standard_normal(2)
    spread = np.zeros(7)
    spread[[0, 3, 6]] = 1.0, *seasonal
    expected = np.convolve(np.r_[1.0, short], spread)[1:]
    np.testing.assert_allclose(kernels.multiply_seasonal(short, seasonal, 3), expected)
