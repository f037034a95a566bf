"""Adds one for each on top of the total."""

import numpy as np


def answer(p, total):
    return np.floor(np.concatenate([[0], np.cumsum(p)]) * total) + np.arange(len(p) + 1)
