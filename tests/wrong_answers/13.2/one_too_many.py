"""Lets the first token of padding in."""
import numpy as np


def answer(energies, counts):
    there = np.arange(energies.shape[1]) <= counts[:, None]
    e = np.where(there, energies, -np.inf)
    e = np.exp(e - e.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
