"""Only the innovations inside the hole are made small: that is a forecast."""

import numpy as np


def answer(x, phi):
    filled = x.copy()
    for t in np.flatnonzero(np.isnan(x)):
        filled[t] = phi @ filled[t - len(phi) : t][::-1]
    return filled
