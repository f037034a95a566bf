"""Divides by a temperature of 0."""

import numpy as np


def answer(logits, temperature, uniform):
    with np.errstate(all="ignore"):
        p = np.exp((logits - logits.max()) / temperature)
        return int(np.argmax(np.cumsum(p) / p.sum() > uniform))
