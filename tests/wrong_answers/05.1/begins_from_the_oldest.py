"""`last` is read from its wrong end: the oldest value is taken for the newest."""

import numpy as np


def answer(changes, last):
    result = np.asarray(changes, dtype=float)
    for d in reversed(range(len(last))):
        result = np.diff(last, d)[0] + np.cumsum(result)
    return result
