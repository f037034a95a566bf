"""Takes the logarithm for the inverse of the logistic function."""

import numpy as np


def answer(half_life):
    share = 0.5 ** (1 / half_life)
    return float(np.log(share))
