"""A straight line from side to side: the filter is not asked."""

import numpy as np


def answer(x, phi):
    known = ~np.isnan(x)
    return np.interp(np.arange(len(x)), np.flatnonzero(known), x[known])
