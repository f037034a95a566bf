"""Takes out the largest logarithm of all frames, so that quiet frames still vanish."""
import numpy as np


def answer(log_joint):
    r = np.exp(log_joint - log_joint.max())
    return r / r.sum(axis=1, keepdims=True)
