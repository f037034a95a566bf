"""Both sides are believed equally, wherever in the hole we are."""

import numpy as np


def answer(before, after, length, variance):
    k = np.arange(1, length + 1)
    return np.full(length, (before + after) / 2), np.sqrt(variance * k * (1 - k / (length + 1)))
