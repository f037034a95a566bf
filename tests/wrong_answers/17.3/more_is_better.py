"""Takes more bits for better."""

import numpy as np


def answer(a, b):
    d = b - a
    error = 2 * d.std(ddof=1) / np.sqrt(len(d))
    return "neither" if abs(d.mean()) < error else ("b" if d.mean() > 0 else "a")
