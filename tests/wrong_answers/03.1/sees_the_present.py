"""Thinks that a causal convolution may use the present sample."""
import numpy as np


def answer(x, phi):
    return np.convolve(x, phi)[: len(x)]
