"""Undoes a plain square root, and forgets the softness."""
import numpy as np


def answer(y, s):
    return y * np.abs(y)
