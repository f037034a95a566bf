"""Lets the sound's end stand before its beginning."""
import numpy as np


def answer(x, past, present, dilation):
    return present * x + past * np.roll(x, dilation)
