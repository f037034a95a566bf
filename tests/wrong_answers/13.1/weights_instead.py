"""Returns the weights instead of the energies."""
import numpy as np


def answer(s, h, W, V, b, v):
    e = np.tanh(h @ V.T + W @ s + b) @ v
    return np.exp(e) / np.exp(e).sum()
