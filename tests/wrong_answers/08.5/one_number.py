"""Gives the pole itself."""

import numpy as np


def answer(frequency, memory, sample_rate):
    decay = 1000 / (memory * sample_rate)
    return np.exp(-decay + 2j * np.pi * frequency / sample_rate)
