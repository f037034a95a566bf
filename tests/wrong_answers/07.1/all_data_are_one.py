"""Forgets that v h is zero where v is."""

import numpy as np


def answer(w, b, c, m):
    z = 1 + np.exp(b) + np.exp(c) + np.exp(w + b + c)
    return 1 / (1 + np.exp(-w - c)) - np.exp(w + b + c) / z
