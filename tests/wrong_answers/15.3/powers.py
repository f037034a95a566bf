"""Mixes with the shares of the power, not of the amplitude."""

import numpy as np


def answer(x, guess, alpha_bar_now, alpha_bar_next):
    n = (x - np.sqrt(alpha_bar_now) * guess) / np.sqrt(1 - alpha_bar_now)
    return alpha_bar_next * guess + (1 - alpha_bar_next) * n
