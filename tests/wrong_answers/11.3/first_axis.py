"""Splits the time axis."""
import numpy as np


def answer(a):
    content, gate = np.split(a, 2)
    return np.tanh(content) / (1 + np.exp(-gate))
