"""Returns the sound; the sampler works on tables."""
import numpy as np


def answer(guess, known, missing, forward, inverse):
    return np.where(missing, inverse(guess), known)
