"""Puts the newest key in front: the same is read, but the cache is in another order."""

import numpy as np


def answer(x, keys, values, wq, wk, wv):
    keys = np.concatenate([(x @ wk)[None], keys])
    values = np.concatenate([(x @ wv)[None], values])
    e = keys @ (x @ wq) / np.sqrt(len(x))
    w = np.exp(e - e.max())
    return w / w.sum() @ values, keys, values
