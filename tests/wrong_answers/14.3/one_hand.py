"""Uses one rate for all pairs."""

import numpy as np


def answer(count, width):
    t = np.arange(count)[:, None]
    return np.where(np.arange(width) % 2, np.cos(t), np.sin(t))
