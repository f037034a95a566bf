"""The plain L1 distance over b: no density, for want of the constant."""
import numpy as np


def answer(y, mu, b, counts):
    there = np.arange(len(y))[:, None] < counts
    return ((-np.abs(y - mu) / b).sum(-1) * there).sum(0)
