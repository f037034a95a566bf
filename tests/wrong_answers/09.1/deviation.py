"""The second number taken for ln sigma."""

import numpy as np


def answer(mean, log_variance):
    return (np.exp(2 * log_variance) - 2 * log_variance + mean**2 - 1) / 2
