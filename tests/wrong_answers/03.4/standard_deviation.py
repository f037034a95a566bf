"""Uses 1 - phi where the stationary variance has 1 - phi squared."""
import numpy as np


def answer(x, phi, variance):
    e = x - phi * np.append(0.0, x[:-1])
    v = np.full(len(x), variance)
    v[0] = variance / (1 - phi)
    return float(np.sum(-0.5 * np.log(2 * np.pi * v) - 0.5 * e**2 / v))
