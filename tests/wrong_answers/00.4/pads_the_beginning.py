"""Errors for the first two samples too, which have no line behind them."""

import numpy as np


def answer(samples):
    errors = samples[2:] - (2 * samples[1:-1] - samples[:-2])
    return np.append(np.zeros(2), errors)
