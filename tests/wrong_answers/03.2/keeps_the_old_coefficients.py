"""Thinks that a new coefficient leaves the old ones as they are."""
import numpy as np


def answer(r, phi, variance):
    m = len(phi)
    k = (r[m + 1] - phi @ r[m:0:-1]) / variance
    return np.append(phi, k), variance * (1 - k**2)
