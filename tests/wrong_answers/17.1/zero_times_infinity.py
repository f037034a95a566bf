"""Lets a symbol that never comes make the sum undefined."""

import numpy as np


def answer(p, q):
    with np.errstate(all="ignore"):
        return np.sum(p * np.log2(p / q))
