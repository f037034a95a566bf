"""The divergence taken from the prior's side, below zero."""

import numpy as np


def answer(mean, log_variance):
    return -(np.exp(log_variance) - log_variance + mean**2 - 1) / 2
