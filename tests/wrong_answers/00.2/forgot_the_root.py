"""The mean square, without the root, taken for an amplitude."""

import numpy as np


def answer(samples):
    return 20 * np.log10(np.mean(samples**2))
