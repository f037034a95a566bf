"""What comes after the hole is not looked at: a forecast, not a bridge."""

import numpy as np


def answer(before, after, length, variance):
    return np.full(length, before), np.sqrt(variance * np.arange(1, length + 1))
