"""Thinks that a filter is stable when its coefficients phi are below one."""
import numpy as np


def answer(k):
    phi = np.zeros(0)
    for value in k:
        phi = np.append(phi - value * phi[::-1], value)
    return phi, bool((np.abs(phi) < 1).all())
