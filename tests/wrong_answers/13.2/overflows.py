"""Does not guard exp against large energies."""
import numpy as np


def answer(energies, counts):
    e = np.exp(energies) * (np.arange(energies.shape[1]) < counts[:, None])
    return e / e.sum(axis=1, keepdims=True)
