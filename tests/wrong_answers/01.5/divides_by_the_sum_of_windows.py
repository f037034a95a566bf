"""Divides by the sum of the windows, which would be right for a single window."""

import numpy as np


def answer(window, hop):
    total = np.array([window[n % hop :: hop].sum() for n in range(len(window))])
    return window / total
