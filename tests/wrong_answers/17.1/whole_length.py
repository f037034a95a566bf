"""Returns the length of the code, not what it is too long."""

import numpy as np


def answer(p, q):
    return -np.sum(p * np.log2(q))
