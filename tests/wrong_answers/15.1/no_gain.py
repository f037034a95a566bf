"""Averages the means, as if every component were a point."""

import numpy as np


def answer(x, sigma, weights, means, scales):
    variance = scales**2 + sigma**2
    r = weights * np.exp(-0.5 * (x[:, None] - means) ** 2 / variance) / np.sqrt(variance)
    return (r * means).sum(axis=1) / r.sum(axis=1)
