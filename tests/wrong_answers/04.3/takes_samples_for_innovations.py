"""Weighs past samples with theta, as if they were innovations."""

import numpy as np


def answer(x, phi, theta):
    e = np.zeros(len(x))
    for t in range(len(x)):
        e[t] = x[t]
        for k in range(min(len(phi), t)):
            e[t] -= phi[k] * x[t - 1 - k]
        for k in range(min(len(theta), t)):
            e[t] -= theta[k] * x[t - 1 - k]
    return e
