"""Counts the memory in milliseconds."""

import numpy as np


def answer(frequency, memory, sample_rate):
    return -np.log(memory), 2 * np.pi * frequency / sample_rate
