"""Leaves the first row and column at zero, so that words before the first match are free."""
import numpy as np


def answer(reference, heard):
    D = np.zeros((len(reference) + 1, len(heard) + 1), int)
    for i, a in enumerate(reference, 1):
        for j, b in enumerate(heard, 1):
            D[i, j] = min(D[i - 1, j - 1] + (a != b), D[i - 1, j] + 1, D[i, j - 1] + 1)
    return int(D[-1, -1])
