"""Measures the angle in cycles per sample."""

import numpy as np


def answer(frequency, memory, sample_rate):
    return -np.log(memory / 1000 * sample_rate), frequency / sample_rate
