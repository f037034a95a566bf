"""Normalises one side of the density only."""
import numpy as np


def answer(y, mu, b, counts):
    there = np.arange(len(y))[:, None] < counts
    return ((-np.abs(y - mu) / b - np.log(b)).sum(-1) * there).sum(0)
