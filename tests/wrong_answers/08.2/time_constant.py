"""Takes the time to 1/e for the half-life."""

import numpy as np


def answer(half_life):
    share = 0.5 ** (1 / half_life)
    return float(-np.log(np.expm1(1 / half_life)))
