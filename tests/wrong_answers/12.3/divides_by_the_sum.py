"""Repairs the lost ends by dividing by the sum, which changes every other probability."""

import numpy as np
from scipy.special import expit


def answer(weights, means, scales, levels):
    edges = (2 * np.arange(levels + 1)[:, None] - 1) / levels - 1
    p = np.diff(expit((edges - means) / scales), axis=0) @ weights
    return p / p.sum()
