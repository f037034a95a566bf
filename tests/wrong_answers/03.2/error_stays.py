"""Forgets that a better predictor leaves a smaller error."""
import numpy as np


def answer(r, phi, variance):
    m = len(phi)
    k = (r[m + 1] - phi @ r[m:0:-1]) / variance
    return np.append(phi - k * phi[::-1], k), variance
