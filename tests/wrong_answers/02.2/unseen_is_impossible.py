"""Believes that what was not seen cannot happen."""

import numpy as np


def answer(codes, levels):
    counts = np.zeros((levels, levels))
    np.add.at(counts, (codes[:-1], codes[1:]), 1)
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1), 1 / levels)
