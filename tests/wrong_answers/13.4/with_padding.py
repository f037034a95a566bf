"""Counts padding as if somebody had said it."""
import numpy as np


def answer(y, mu, b, counts):
    return (-np.abs(y - mu) / b - np.log(2 * b)).sum(axis=(0, 2))
