"""Brute force that several tests share: slow, dense, and independent of course_lib."""

import numpy as np
import scipy.linalg
import scipy.signal
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


def arma_autocovariance(phi, theta, variance, lags):
    """Autocovariance of an ARMA process, summed over its impulse response, however long."""
    response = scipy.signal.lfilter(np.r_[1.0, theta], np.r_[1.0, -np.asarray(phi)], _impulse())
    return variance * np.array(
        [response[: len(response) - k] @ response[k:] for k in range(lags + 1)]
    )


def _impulse():
    return np.append(1.0, np.zeros(20_000))


def integrated(phi, theta, variance, differences, length):
    """Covariance of a series that starts from zeros, and the curves of its unknown past."""
    gamma = arma_autocovariance(phi, theta, variance, length)
    inverse = np.linalg.inv(
        scipy.linalg.toeplitz(np.r_[differences, np.zeros(length)][:length], np.zeros(length))
    )
    covariance = inverse @ scipy.linalg.toeplitz(gamma[:length]) @ inverse.T
    unknown = len(differences) - 1
    curves = np.zeros((length, unknown))
    for j in range(unknown):
        past = list(np.eye(unknown)[j])  # newest first
        for t in range(length):
            value = -np.dot(differences[1:], past[:unknown])
            curves[t, j] = value
            past.insert(0, value)
    return covariance, curves


def diffuse_log_density(x, covariance, curves):
    """log of the integral over b of N(x; curves b, covariance): a flat prior on b."""
    precision = np.linalg.inv(covariance)
    information = curves.T @ precision @ curves
    b = np.linalg.solve(information, curves.T @ precision @ x) if curves.size else np.zeros(0)
    rest = x - curves @ b
    degrees = len(x) - len(b)
    log_det = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
    return -0.5 * (degrees * np.log(2 * np.pi) + log_det + rest @ precision @ rest)
