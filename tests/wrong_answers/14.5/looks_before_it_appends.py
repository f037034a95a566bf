"""Looks at the cache, and appends the new position only afterwards."""

import numpy as np


def answer(x, keys, values, wq, wk, wv):
    read = x @ wv
    if len(keys):
        e = keys @ (x @ wq) / np.sqrt(len(x))
        w = np.exp(e - e.max())
        read = w / w.sum() @ values
    return read, np.concatenate([keys, (x @ wk)[None]]), np.concatenate([values, (x @ wv)[None]])
