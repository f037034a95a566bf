"""Half of it gone at every sample."""

import numpy as np


def answer(half_life):
    share = 0.5 ** (1 / half_life)
    return 0.0
