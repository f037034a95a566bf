"""Takes the logarithm of the mean probability, not the mean of the logarithms."""

import numpy as np


def answer(probabilities):
    return -np.log2(np.mean(probabilities))
