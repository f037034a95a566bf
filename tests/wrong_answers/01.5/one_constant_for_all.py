"""Divides by one constant, which only holds where the squares add up to a constant."""

import numpy as np


def answer(window, hop):
    return window * hop / np.sum(window**2)
