"""Makes a long memory short."""

import numpy as np


def answer(frequency, memory, sample_rate):
    return np.log(memory / 1000 * sample_rate), 2 * np.pi * frequency / sample_rate
