"""Finds the first level that reaches the number, not the first that exceeds it."""

import numpy as np


def answer(logits, temperature, uniform):
    if temperature == 0:
        return int(np.argmax(logits))
    p = np.exp((logits - logits.max()) / temperature)
    return int(np.searchsorted(np.cumsum(p) / p.sum(), uniform))
