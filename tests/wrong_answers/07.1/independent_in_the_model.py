"""Multiplies the averages of v and h, as if they were independent."""

import numpy as np


def answer(w, b, c, m):
    z = 1 + np.exp(b) + np.exp(c) + np.exp(w + b + c)
    both = np.exp(w + b + c)
    return m / (1 + np.exp(-w - c)) - (np.exp(b) + both) * (np.exp(c) + both) / z**2
