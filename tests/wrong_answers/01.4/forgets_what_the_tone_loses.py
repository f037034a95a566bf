"""Gives the level of the image as it is, not relative to the tone, which the kernel weakens too."""

import numpy as np


def answer(frequency, sigma):
    return 20 * np.log10(np.exp(-2 * (np.pi * sigma * (1 - frequency)) ** 2))
