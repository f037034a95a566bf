"""The mean before the square: positive and negative samples cancel."""

import numpy as np


def answer(samples):
    return 20 * np.log10(np.abs(np.mean(samples)) + 1e-12)
