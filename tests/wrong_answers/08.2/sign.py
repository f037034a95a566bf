"""The logistic function inverted upside down."""

import numpy as np


def answer(half_life):
    share = 0.5 ** (1 / half_life)
    return float(np.log((1 - share) / share))
