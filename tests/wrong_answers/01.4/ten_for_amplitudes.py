"""Counts 10 dB for a factor of ten in amplitude."""

import numpy as np


def answer(frequency, sigma):
    gain = lambda f: np.exp(-2 * (np.pi * sigma * f) ** 2)
    return 10 * np.log10(gain(1 - frequency) / gain(frequency))
