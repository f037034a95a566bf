"""Forgets to divide by the number of samples."""

import numpy as np


def answer(probabilities):
    return -np.sum(np.log2(probabilities))
