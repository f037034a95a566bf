"""Returns the best guess in place of the score."""

import numpy as np


def answer(x, sigma, mean, covariance):
    return mean + covariance @ np.linalg.solve(covariance + sigma**2 * np.eye(len(x)), x - mean)
