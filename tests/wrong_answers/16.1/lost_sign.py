"""Takes the positive root for every coefficient."""
import numpy as np


def answer(y, s):
    return np.sqrt((y**4 + np.sqrt(y**8 + 4 * y**4 * s**2)) / 2)
