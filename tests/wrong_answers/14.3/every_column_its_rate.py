"""Gives a sine and its cosine different rates."""

import numpy as np


def answer(count, width):
    j = np.arange(width)
    angle = np.arange(count)[:, None] * 10_000 ** (-j / width)
    return np.where(j % 2, np.cos(angle), np.sin(angle))
