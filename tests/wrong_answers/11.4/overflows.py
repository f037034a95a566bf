"""Does not guard exp against large logits."""
import numpy as np


def answer(logits, temperature, u):
    if temperature == 0:
        return int(np.argmax(logits))
    p = np.exp(logits / temperature)
    return int(np.argmax(np.cumsum(p / p.sum()) > u))
