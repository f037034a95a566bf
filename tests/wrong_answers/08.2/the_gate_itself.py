"""Returns how far the gate stands open, not what opens it."""

import numpy as np


def answer(half_life):
    share = 0.5 ** (1 / half_life)
    return float(share)
