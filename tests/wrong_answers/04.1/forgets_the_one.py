"""Leaves out the newest innovation, whose weight is 1."""

import numpy as np


def answer(theta, variance, lags):
    gamma = np.zeros(lags + 1)
    for k in range(min(lags + 1, len(theta))):
        gamma[k] = variance * np.sum(theta[: len(theta) - k] * theta[k:])
    return gamma
