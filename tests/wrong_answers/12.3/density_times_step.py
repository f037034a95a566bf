"""Takes the density at the level times the width of the bin."""

import numpy as np
from scipy.special import expit


def answer(weights, means, scales, levels):
    x = 2 * np.arange(levels)[:, None] / levels - 1
    rise = expit((x - means) / scales)
    return (rise * (1 - rise) / scales * 2 / levels) @ weights
