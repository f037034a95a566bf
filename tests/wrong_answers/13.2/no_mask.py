"""Attends to padding."""
import numpy as np


def answer(energies, counts):
    e = np.exp(energies - energies.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
