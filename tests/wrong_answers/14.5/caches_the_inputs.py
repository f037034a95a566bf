"""Keeps the positions themselves, not their keys and values."""

import numpy as np


def answer(x, keys, values, wq, wk, wv):
    keys, values = np.concatenate([keys, x[None]]), np.concatenate([values, x[None]])
    e = keys @ wk @ (x @ wq) / np.sqrt(len(x))
    w = np.exp(e - e.max())
    return w / w.sum() @ values @ wv, keys, values
