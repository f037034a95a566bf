"""Normalises the whole table, as if it held the probabilities of pairs."""

import numpy as np


def answer(codes, levels):
    counts = np.ones((levels, levels))
    np.add.at(counts, (codes[:-1], codes[1:]), 1)
    return counts / counts.sum()
