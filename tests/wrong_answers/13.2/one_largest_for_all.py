"""Takes one largest energy for all texts, so that a text of low energies underflows."""

import numpy as np


def answer(energies, counts):
    there = np.arange(energies.shape[1]) < counts[:, None]
    p = np.where(there, np.exp(energies - energies[there].max()), 0.0)
    return p / p.sum(axis=1, keepdims=True)
