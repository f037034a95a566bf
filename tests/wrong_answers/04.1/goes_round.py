"""Lets the last innovation meet the first: a circular correlation."""

import numpy as np


def answer(theta, variance, lags):
    weights = np.append(1.0, theta)
    return np.array([variance * np.sum(weights * np.roll(weights, k)) for k in range(lags + 1)])
