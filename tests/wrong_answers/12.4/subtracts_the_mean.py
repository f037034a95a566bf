"""Subtracts the mean, above which exp still overflows."""

import numpy as np


def answer(nats):
    p = np.exp(nats - nats.mean())
    return p / p.sum()
