"""Compresses the size, and loses the sign."""

import numpy as np


def answer(x, mu):
    return np.log1p(mu * np.abs(x)) / np.log1p(mu)
