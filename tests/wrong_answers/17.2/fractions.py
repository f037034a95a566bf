"""Leaves fractions."""

import numpy as np


def answer(p, total):
    return np.concatenate([[0], np.cumsum(p)]) * total
