"""Short gradients are made longer."""

import numpy as np


def answer(gradients, limit):
    length = np.sqrt(sum(np.sum(g**2) for g in gradients))
    return [g * limit / max(length, 1e-12) for g in gradients]
