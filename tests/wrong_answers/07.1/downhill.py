"""Subtracts the data from the model, and so returns the way down."""

import numpy as np


def answer(w, b, c, m):
    z = 1 + np.exp(b) + np.exp(c) + np.exp(w + b + c)
    return np.exp(w + b + c) / z - m / (1 + np.exp(-w - c))
