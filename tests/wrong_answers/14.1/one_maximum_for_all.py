"""Subtracts one maximum for all rows, so that a row of small energies underflows."""

import numpy as np


def answer(q, k, v):
    e = q @ k.T / np.sqrt(q.shape[1])
    w = np.exp(e - e.max())
    with np.errstate(invalid="ignore"):
        return w / w.sum(axis=1, keepdims=True) @ v
