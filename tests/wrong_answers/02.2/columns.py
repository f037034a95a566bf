"""Writes what follows a level into its column."""

import numpy as np


def answer(codes, levels):
    counts = np.ones((levels, levels))
    np.add.at(counts, (codes[1:], codes[:-1]), 1)
    return counts / counts.sum(axis=1, keepdims=True)
