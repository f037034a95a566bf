"""Lets each bin begin at its level instead of half a step before it."""

import numpy as np
from scipy.special import expit


def answer(weights, means, scales, levels):
    edges = np.concatenate([[-np.inf], 2 * np.arange(1, levels) / levels - 1, [np.inf]])
    return np.diff(expit((edges[:, None] - means) / scales), axis=0) @ weights
