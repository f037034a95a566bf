"""Counts the steps to the nearer end of the hole itself, which leaves its last value certain."""

import numpy as np


def answer(before, after, length, variance):
    k = np.arange(1, length + 1)
    means = before + (after - before) * k / (length + 1)
    return means, np.sqrt(variance * np.minimum(k, length - k))
