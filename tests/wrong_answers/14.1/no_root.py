"""Takes the dot products as they are, without the square root of the width."""

import numpy as np


def answer(q, k, v):
    e = q @ k.T
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ v
