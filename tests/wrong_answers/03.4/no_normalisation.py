"""Leaves out log(2 pi): a sum of squares is not a log density."""
import numpy as np


def answer(x, phi, variance):
    first = variance / (1 - phi**2)
    e = x[1:] - phi * x[:-1]
    return float(-0.5 * x[0] ** 2 / first - np.sum(0.5 * e**2 / variance))
