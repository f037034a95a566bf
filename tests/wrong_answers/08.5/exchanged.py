"""Gives the angle first."""

import numpy as np


def answer(frequency, memory, sample_rate):
    return 2 * np.pi * frequency / sample_rate, -np.log(memory / 1000 * sample_rate)
