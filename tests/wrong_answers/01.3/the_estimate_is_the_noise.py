"""Takes the ratio of the two sounds, not of the sound and the error."""

import numpy as np


def answer(reference, estimate):
    return 10 * np.log10(np.sum(reference**2) / np.sum(estimate**2))
