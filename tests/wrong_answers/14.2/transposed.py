"""Lets each position look at those after it: rows and columns swapped."""

import numpy as np


def answer(counts, longest):
    t = np.arange(longest)
    return ((t[:, None] >= t) & (t < counts[:, None, None])).transpose(0, 2, 1)
