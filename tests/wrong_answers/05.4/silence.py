"""Missing samples are taken for zeros."""

import numpy as np


def answer(x, phi):
    return np.nan_to_num(x)
