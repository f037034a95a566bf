"""Appends the key, and hands the values back as they came."""

import numpy as np


def answer(x, keys, values, wq, wk, wv):
    keys = np.concatenate([keys, (x @ wk)[None]])
    e = keys @ (x @ wq) / np.sqrt(len(x))
    w = np.exp(e - e.max())
    return (w / w.sum())[: len(values)] @ values, keys, values
