"""Takes the natural logarithm for bits."""

import numpy as np


def answer(probabilities):
    return -np.mean(np.log(probabilities))
