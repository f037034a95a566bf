"""Pins coefficients of the table, as if the gap lay there."""
import numpy as np


def answer(guess, known, missing, forward, inverse):
    return np.where(missing, guess, forward(known))
