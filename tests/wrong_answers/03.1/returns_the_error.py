"""Mistakes the prediction error for the prediction."""
import numpy as np


def answer(x, phi):
    return x - np.convolve(np.append(0.0, x), phi)[: len(x)]
