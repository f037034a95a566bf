"""Gives every level the same."""

import numpy as np


def answer(p, total):
    return np.arange(len(p) + 1) * total // len(p)
