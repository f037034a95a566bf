"""Takes signs that are turned over for right ones."""

import numpy as np


def answer(u, s):
    return int(np.argmax([abs(u @ np.roll(s, d)) for d in range(len(s))]))
