"""The means are a bridge's, the deviations a forecast's."""

import numpy as np


def answer(before, after, length, variance):
    k = np.arange(1, length + 1)
    means = before + (after - before) * k / (length + 1)
    return means, np.sqrt(variance * k)
