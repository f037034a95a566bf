"""Takes exponentials of numbers like -20000, and divides zero by zero."""

import numpy as np


def answer(nats):
    p = np.exp(nats)
    return p / p.sum()
