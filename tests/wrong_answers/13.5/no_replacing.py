"""A replaced word costs two: one left out and one put in."""
import numpy as np


def answer(reference, heard):
    D = np.zeros((len(reference) + 1, len(heard) + 1), int)
    D[:, 0], D[0] = np.arange(len(reference) + 1), np.arange(len(heard) + 1)
    for i, a in enumerate(reference, 1):
        for j, b in enumerate(heard, 1):
            D[i, j] = D[i - 1, j - 1] if a == b else 1 + min(D[i - 1, j], D[i, j - 1])
    return int(D[-1, -1])
