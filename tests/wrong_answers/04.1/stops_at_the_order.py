"""Returns only the lags at which something is left."""

import numpy as np


def answer(theta, variance, lags):
    weights = np.append(1.0, theta)
    return variance * np.correlate(weights, weights, "full")[len(theta) :][: lags + 1]
