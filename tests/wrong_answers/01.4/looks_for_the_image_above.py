"""Takes the image at 1 + f, which is the second one."""

import numpy as np


def answer(frequency, sigma):
    gain = lambda f: np.exp(-2 * (np.pi * sigma * f) ** 2)
    return 20 * np.log10(gain(1 + frequency) / gain(frequency))
