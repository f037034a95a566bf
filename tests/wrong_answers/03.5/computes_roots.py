"""Asks the computed roots, which are far off where many poles lie together."""

import numpy as np


def answer(k):
    phi = np.zeros(0)
    for value in k:
        phi = np.append(phi - value * phi[::-1], value)
    return phi, bool((np.abs(np.roots(np.append(1, -phi))) < 1).all())
