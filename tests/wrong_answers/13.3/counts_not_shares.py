"""Compares numbers of steps with numbers of tokens, as if there were as many of both."""
import numpy as np


def answer(steps, tokens, width):
    off = np.arange(tokens)[None] - np.arange(steps)[:, None]
    return 1 - np.exp(-(off**2) / (2 * width**2))
