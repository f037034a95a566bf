"""Reads nats as bits."""

import numpy as np


def answer(nats):
    p = 2.0 ** (nats - nats.max())
    return p / p.sum()
