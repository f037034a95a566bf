"""The answer begins with the last known value, and ends a step too early."""

import numpy as np


def answer(changes, last):
    result = np.asarray(changes, dtype=float)
    for d in reversed(range(len(last))):
        result = np.cumsum(np.append(np.diff(last, d)[-1], result[:-1]))
    return result
