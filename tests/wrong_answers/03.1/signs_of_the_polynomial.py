"""Takes phi for the coefficients of A(z), whose signs are opposite."""
import numpy as np


def answer(x, phi):
    return -np.convolve(np.append(0.0, x), phi)[: len(x)]
