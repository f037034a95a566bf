"""Forgets the minus sign."""

import numpy as np


def answer(probabilities):
    return np.mean(np.log2(probabilities))
