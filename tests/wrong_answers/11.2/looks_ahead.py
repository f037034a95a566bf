"""Shifts in the wrong direction."""
import numpy as np


def answer(x, past, present, dilation):
    return present * x + past * np.concatenate([x, np.zeros(dilation)])[dilation:]
