"""Returns the coefficients alone."""
import numpy as np


def answer(k):
    phi = np.zeros(0)
    for value in k:
        phi = np.append(phi - value * phi[::-1], value)
    return phi
