"""Counts 20 dB for a factor of ten in power."""

import numpy as np


def answer(reference, estimate):
    noise = reference - estimate
    return 20 * np.log10(np.sum(reference**2) / np.sum(noise**2))
