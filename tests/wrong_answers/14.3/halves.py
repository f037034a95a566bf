"""Puts all sines first and all cosines after them."""

import numpy as np


def answer(count, width):
    angle = np.arange(count)[:, None] * 10_000 ** (-np.arange(0, width, 2) / width)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
