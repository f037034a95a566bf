"""Forgets that noise widens the data."""

import numpy as np


def answer(x, sigma, mean, covariance):
    return -np.linalg.solve(covariance, x - mean)
