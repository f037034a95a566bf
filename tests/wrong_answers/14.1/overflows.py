"""Takes exp of large energies as they are."""

import numpy as np


def answer(q, k, v):
    with np.errstate(over="ignore", invalid="ignore"):
        w = np.exp(q @ k.T / np.sqrt(q.shape[1]))
        return w / w.sum(axis=1, keepdims=True) @ v
