"""Averages over what is believed instead of over what comes."""

import numpy as np


def answer(p, q):
    return np.sum(q * np.log2(q / np.maximum(p, 1e-300)))
