"""Every entry clipped by itself, which turns the direction."""

import numpy as np


def answer(gradients, limit):
    return [np.clip(g, -limit, limit) for g in gradients]
