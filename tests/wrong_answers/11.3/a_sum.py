"""Adds the gate instead of multiplying by it."""
import numpy as np


def answer(a):
    content, gate = np.split(a, 2, axis=-1)
    return np.tanh(content) + 1 / (1 + np.exp(-gate))
