"""Sets padding's energy to 0, which is an energy like any other."""
import numpy as np


def answer(energies, counts):
    e = np.where(np.arange(energies.shape[1]) < counts[:, None], energies, 0.0)
    e = np.exp(e - e.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
