"""Takes every other channel."""
import numpy as np


def answer(a):
    return np.tanh(a[..., ::2]) / (1 + np.exp(-a[..., 1::2]))
