"""Joins the two conditions with or."""

import numpy as np


def answer(counts, longest):
    t = np.arange(longest)
    return (t[:, None] >= t) | (t < counts[:, None, None])
