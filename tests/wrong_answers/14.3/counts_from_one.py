"""Calls the first position 1."""

import numpy as np


def answer(count, width):
    angle = np.arange(1, count + 1)[:, None] * 10_000 ** (-np.arange(0, width, 2) / width)
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(count, width)
