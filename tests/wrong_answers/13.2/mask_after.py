"""Takes the softmax of everything and sets padding to zero afterwards: the sum is below one."""
import numpy as np


def answer(energies, counts):
    e = np.exp(energies - energies.max(axis=1, keepdims=True))
    weights = e / e.sum(axis=1, keepdims=True)
    return weights * (np.arange(energies.shape[1]) < counts[:, None])
