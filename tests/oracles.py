"""Brute force that several tests share: slow, dense, and independent of course_lib."""

import numpy as np
import scipy.linalg
import scipy.stats


def ar_autocovariance(phi, variance, lags):
    """Autocovariance of an AR process from the Lyapunov equation of its companion form."""
    order = len(phi)
    if order == 0:
        return np.append(variance, np.zeros(lags))
    companion = np.eye(order, k=-1)
    companion[0] = phi
    noise = np.zeros((order, order))
    noise[0, 0] = variance
    state = scipy.linalg.solve_discrete_lyapunov(companion, noise)
    gamma = []
    for _ in range(lags + 1):
        gamma.append(state[0, 0])
        state = companion @ state
    return np.array(gamma)


def gaussian_log_density(x, autocovariance):
    """log N(x; 0, Toeplitz(autocovariance)), with the whole covariance matrix written out."""
    covariance = scipy.linalg.toeplitz(autocovariance[: len(x)])
    return scipy.stats.multivariate_normal(cov=covariance).logpdf(x)


def stable_phi(rng, order, largest=0.95):
    """Coefficients of a stable predictor, drawn through its poles."""
    pairs, single = divmod(order, 2)
    radius, angle = largest * np.sqrt(rng.random(pairs)), np.pi * rng.random(pairs)
    poles = np.concatenate(
        [radius * np.exp(1j * angle), radius * np.exp(-1j * angle), largest * rng.random(single)]
    )
    return -np.real(np.poly(poles))[1:] if order else np.zeros(0)
