"""Puts s where s^2 belongs."""
import numpy as np


def answer(y, s):
    return y * np.sqrt((y**2 + np.sqrt(y**4 + 4 * s)) / 2)
