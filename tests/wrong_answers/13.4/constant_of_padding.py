"""Masks the distance, but not the constant."""
import numpy as np


def answer(y, mu, b, counts):
    there = (np.arange(len(y))[:, None] < counts)[..., None]
    return (-np.abs(y - mu) / b * there - np.log(2 * b)).sum(axis=(0, 2))
