"""Returns how many cumulative sums lie below u, plus one."""
import numpy as np


def answer(logits, temperature, u):
    if temperature == 0:
        return int(np.argmax(logits))
    p = np.exp((logits - np.max(logits)) / temperature)
    return min(int(np.sum(np.cumsum(p / p.sum()) <= u)) + 1, len(logits) - 1)
