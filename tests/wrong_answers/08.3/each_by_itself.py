"""Every array clipped to the limit by itself."""

import numpy as np


def answer(gradients, limit):
    return [g * min(1.0, limit / max(np.linalg.norm(g), 1e-12)) for g in gradients]
