"""Adds the deviation of the noise where its variance belongs."""

import numpy as np


def answer(x, sigma, mean, covariance):
    return -np.linalg.solve(covariance + sigma * np.eye(len(x)), x - mean)
