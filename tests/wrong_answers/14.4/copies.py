"""Gives every head the whole width."""

import numpy as np


def answer(x, heads):
    return np.stack([x] * heads)
