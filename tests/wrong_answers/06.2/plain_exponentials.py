"""Takes exponentials that become zero in a computer."""
import numpy as np


def answer(log_joint):
    r = np.exp(log_joint)
    return r / r.sum(axis=1, keepdims=True)
