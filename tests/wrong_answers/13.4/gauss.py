"""Squares: that is a normal density without its constant."""
import numpy as np


def answer(y, mu, b, counts):
    there = np.arange(len(y))[:, None] < counts
    return ((-((y - mu) ** 2) / (2 * b**2) - np.log(2 * b)).sum(-1) * there).sum(0)
