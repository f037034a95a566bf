"""Mixes up which tap belongs to the present."""
import numpy as np


def answer(x, past, present, dilation):
    before = np.concatenate([np.zeros(dilation), x])[: len(x)]
    return past * x + present * before
