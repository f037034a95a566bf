"""Lets the outermost bins be as narrow as the others, and loses what lies beyond."""

import numpy as np
from scipy.special import expit


def answer(weights, means, scales, levels):
    edges = (2 * np.arange(levels + 1)[:, None] - 1) / levels - 1
    return np.diff(expit((edges - means) / scales), axis=0) @ weights
