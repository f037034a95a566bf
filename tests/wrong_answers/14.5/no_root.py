"""Forgets the square root of the width."""

import numpy as np


def answer(x, keys, values, wq, wk, wv):
    keys = np.concatenate([keys, (x @ wk)[None]])
    values = np.concatenate([values, (x @ wv)[None]])
    e = keys @ (x @ wq)
    w = np.exp(e - e.max())
    return w / w.sum() @ values, keys, values
