"""Returns only where the steps lead, not where they begin."""

import numpy as np


def answer(slope, start, rate, keep, steps):
    path, m, theta = [], 0.0, start
    for _ in range(steps):
        m = keep * m + slope(theta)
        theta = theta - rate * m
        path.append(theta)
    return np.array(path)
