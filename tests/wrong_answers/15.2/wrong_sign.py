"""Points away from the data."""

import numpy as np


def answer(x, sigma, mean, covariance):
    return np.linalg.solve(covariance + sigma**2 * np.eye(len(x)), x - mean)
