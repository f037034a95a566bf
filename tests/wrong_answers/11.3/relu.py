"""A ReLU gate: content passes wherever the gate is positive."""
import numpy as np


def answer(a):
    content, gate = np.split(a, 2, axis=-1)
    return np.tanh(content) * (gate > 0)
