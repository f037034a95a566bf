"""Takes the logarithm of negative numbers too."""

import numpy as np


def answer(x, mu):
    return np.log1p(mu * x) / np.log1p(mu)
