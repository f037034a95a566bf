"""Only a divergence of exactly zero, which noise in training never leaves."""

import numpy as np


def answer(divergences):
    return np.flatnonzero(divergences == 0)
