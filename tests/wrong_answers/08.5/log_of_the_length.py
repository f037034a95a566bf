"""Returns the logarithm of the length of the pole, one exponential too high."""

import numpy as np


def answer(frequency, memory, sample_rate):
    return -1 / (memory / 1000 * sample_rate), 2 * np.pi * frequency / sample_rate
