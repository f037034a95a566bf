"""Writes the logarithms over the probabilities that it was given."""

import numpy as np


def answer(probabilities):
    np.log2(probabilities, out=probabilities)
    return -probabilities.mean()
