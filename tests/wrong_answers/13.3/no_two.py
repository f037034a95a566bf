"""Divides by the variance once, not twice."""
import numpy as np


def answer(steps, tokens, width):
    off = np.arange(tokens)[None] / tokens - np.arange(steps)[:, None] / steps
    return 1 - np.exp(-(off**2) / width**2)
