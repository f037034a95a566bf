"""Asks whether two separate intervals part."""

import numpy as np


def answer(a, b):
    ends = []
    for x in (a, b):
        error = 2 * x.std(ddof=1) / np.sqrt(len(x))
        ends.append((x.mean() - error, x.mean() + error))
    if ends[0][1] < ends[1][0]:
        return "a"
    return "b" if ends[1][1] < ends[0][0] else "neither"
