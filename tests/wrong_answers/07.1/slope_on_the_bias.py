"""Takes the average of v for that of v h."""

import numpy as np


def answer(w, b, c, m):
    z = 1 + np.exp(b) + np.exp(c) + np.exp(w + b + c)
    return m - (np.exp(b) + np.exp(w + b + c)) / z
