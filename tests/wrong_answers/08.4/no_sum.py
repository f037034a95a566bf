"""Probabilities that do not sum to one."""

import numpy as np


def answer(logits, temperature, uniform):
    if temperature == 0:
        return int(np.argmax(logits))
    p = np.exp((logits - logits.max()) / temperature)
    return int(np.argmax(np.cumsum(p) > uniform))
