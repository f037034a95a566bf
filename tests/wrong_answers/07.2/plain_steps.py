"""Forgets to keep anything of the last step."""

import numpy as np


def answer(slope, start, rate, keep, steps):
    path = [start]
    for _ in range(steps):
        path.append(path[-1] - rate * slope(path[-1]))
    return np.array(path)
