"""Takes the first half for the gate."""
import numpy as np


def answer(a):
    gate, content = np.split(a, 2, axis=-1)
    return np.tanh(content) / (1 + np.exp(-gate))
