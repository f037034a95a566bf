"""Multiplies the probabilities first, which underflows for a long sound."""

import numpy as np


def answer(probabilities):
    return -np.log2(np.prod(probabilities)) / len(probabilities)
