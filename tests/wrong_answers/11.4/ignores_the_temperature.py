"""Always samples at temperature 1."""
import numpy as np


def answer(logits, temperature, u):
    p = np.exp(logits - np.max(logits))
    return int(np.argmax(np.cumsum(p / p.sum()) > u))
