"""Keeps the guess where the sound is known, and the hole where it is missing."""
import numpy as np


def answer(guess, known, missing, forward, inverse):
    return forward(np.where(missing, known, inverse(guess)))
