"""Leaves the variance of the innovations outside the square root."""

import numpy as np


def answer(phi, theta, d, variance, steps):
    psi = np.zeros(steps)
    for j in range(steps):
        psi[j] = 1.0 if j == 0 else theta[j - 1] if j <= len(theta) else 0.0
        psi[j] += sum(phi[k] * psi[j - 1 - k] for k in range(min(len(phi), j)))
    for _ in range(d):
        psi = np.cumsum(psi)
    return variance * np.sqrt(np.cumsum(psi**2))
