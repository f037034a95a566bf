"""Takes the largest energy of a row with its padding, so that what is there underflows."""

import numpy as np


def answer(energies, counts):
    there = np.arange(energies.shape[1]) < counts[:, None]
    p = np.exp(energies - energies.max(axis=1, keepdims=True)) * there
    return p / p.sum(axis=1, keepdims=True)
