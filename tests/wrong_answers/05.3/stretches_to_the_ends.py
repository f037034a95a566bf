"""The line reaches both known values inside the hole, instead of just outside it."""

import numpy as np


def answer(before, after, length, variance):
    k = np.arange(1, length + 1)
    return np.linspace(before, after, length), np.sqrt(variance * k * (1 - k / (length + 1)))
