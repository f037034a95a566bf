"""Adds theta's part instead of taking it away."""

import numpy as np


def answer(x, phi, theta):
    e = np.zeros(len(x))
    for t in range(len(x)):
        e[t] = x[t]
        for k in range(min(len(phi), t)):
            e[t] -= phi[k] * x[t - 1 - k]
        for k in range(min(len(theta), t)):
            e[t] += theta[k] * e[t - 1 - k]
    return e
