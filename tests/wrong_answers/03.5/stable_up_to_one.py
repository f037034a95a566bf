"""Calls a filter stable whose reflection coefficient is exactly 1."""

import numpy as np


def answer(k):
    phi = np.zeros(0)
    for value in k:
        phi = np.append(phi - value * phi[::-1], value)
    return phi, bool((np.abs(k) <= 1).all())
