"""Divides by the width instead of its root."""

import numpy as np


def answer(q, k, v):
    e = q @ k.T / q.shape[1]
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ v
