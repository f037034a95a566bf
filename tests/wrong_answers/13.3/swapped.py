"""Divides tokens by steps, and steps by tokens."""
import numpy as np


def answer(steps, tokens, width):
    off = np.arange(tokens)[None] / steps - np.arange(steps)[:, None] / tokens
    return 1 - np.exp(-(off**2) / (2 * width**2))
