"""Takes momentum for a running average, with 1 - keep before the slope."""

import numpy as np


def answer(slope, start, rate, keep, steps):
    path, m = [start], 0.0
    for _ in range(steps):
        m = keep * m + (1 - keep) * slope(path[-1])
        path.append(path[-1] - rate * m)
    return np.array(path)
