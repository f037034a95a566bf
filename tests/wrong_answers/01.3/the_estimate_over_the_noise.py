"""Takes the estimate, noise and all, for the signal."""

import numpy as np


def answer(reference, estimate):
    noise = reference - estimate
    return 10 * np.log10(np.sum(estimate**2) / np.sum(noise**2))
