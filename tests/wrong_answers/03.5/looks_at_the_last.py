"""Tests only the last reflection coefficient."""
import numpy as np


def answer(k):
    phi = np.zeros(0)
    for value in k:
        phi = np.append(phi - value * phi[::-1], value)
    return phi, bool(abs(k[-1]) < 1)
