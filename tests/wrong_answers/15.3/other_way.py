"""Takes the step from the next level to the present one."""

import numpy as np


def answer(x, guess, alpha_bar_now, alpha_bar_next):
    n = (x - np.sqrt(alpha_bar_next) * guess) / np.sqrt(1 - alpha_bar_next + 1e-12)
    return np.sqrt(alpha_bar_now) * guess + np.sqrt(1 - alpha_bar_now) * n
