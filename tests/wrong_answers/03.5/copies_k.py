"""Thinks that reflection coefficients are the prediction coefficients."""
import numpy as np


def answer(k):
    return k.copy(), bool((np.abs(k) < 1).all())
