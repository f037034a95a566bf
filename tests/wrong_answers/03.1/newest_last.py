"""Thinks that the last coefficient belongs to the newest sample, as the eye reads a past."""
import numpy as np


def answer(x, phi):
    return np.convolve(np.append(0.0, x), phi[::-1])[: len(x)]
