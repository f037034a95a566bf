"""Forgets that bits have base 2."""

import numpy as np


def answer(p, q):
    used = p > 0
    return np.sum(p[used] * np.log(p[used] / q[used]))
