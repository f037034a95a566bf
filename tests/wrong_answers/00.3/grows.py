"""The echo's tail is kept, so that the result is longer than the sound."""

import numpy as np


def answer(samples, delay, gain):
    silence = np.zeros(delay)
    return np.append(samples, silence) + gain * np.append(silence, samples)
