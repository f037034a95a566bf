"""Thinks that only the data pull, as if Z were a constant."""

import numpy as np


def answer(w, b, c, m):
    return m / (1 + np.exp(-w - c))
