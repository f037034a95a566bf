"""Ten times the logarithm of an amplitude: ten is for powers."""

import numpy as np


def answer(samples):
    return 10 * np.log10(np.sqrt(np.mean(samples**2)))
