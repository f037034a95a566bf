"""Moves before the new slope has gone into m."""

import numpy as np


def answer(slope, start, rate, keep, steps):
    path, m = [start], 0.0
    for _ in range(steps):
        step = rate * m
        m = keep * m + slope(path[-1])
        path.append(path[-1] - step)
    return np.array(path)
