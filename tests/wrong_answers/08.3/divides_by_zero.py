"""A gradient of zeros becomes NaN."""

import numpy as np


def answer(gradients, limit):
    length = np.sqrt(sum(np.sum(g**2) for g in gradients))
    with np.errstate(all="ignore"):
        return [g * np.minimum(1.0, limit / length) for g in gradients] if length else [g / length for g in gradients]
