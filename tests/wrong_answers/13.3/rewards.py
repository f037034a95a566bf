"""Forgets "1 -": punishes the diagonal and lets everything else be."""
import numpy as np


def answer(steps, tokens, width):
    off = np.arange(tokens)[None] / tokens - np.arange(steps)[:, None] / steps
    return np.exp(-(off**2) / (2 * width**2))
