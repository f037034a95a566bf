"""Judges noisy x by the densities of the clean data."""

import numpy as np


def answer(x, sigma, weights, means, scales):
    r = weights * np.exp(-0.5 * (x[:, None] - means) ** 2 / scales**2) / scales + 1e-300
    each = means + scales**2 / (scales**2 + sigma**2) * (x[:, None] - means)
    return (r * each).sum(axis=1) / r.sum(axis=1)
