"""The natural logarithm in place of the one to base ten."""

import numpy as np


def answer(samples):
    return 20 * np.log(np.sqrt(np.mean(samples**2)))
