"""Takes every innovation for one of variance 1."""

import numpy as np


def answer(theta, variance, lags):
    weights = np.append(1.0, theta)
    gamma = np.zeros(lags + 1)
    for k in range(min(lags, len(theta)) + 1):
        gamma[k] = np.sum(weights[: len(weights) - k] * weights[k:])
    return gamma
