"""Adds the step, and so goes up."""

import numpy as np


def answer(slope, start, rate, keep, steps):
    path, m = [start], 0.0
    for _ in range(steps):
        m = keep * m + slope(path[-1])
        path.append(path[-1] + rate * m)
    return np.array(path)
