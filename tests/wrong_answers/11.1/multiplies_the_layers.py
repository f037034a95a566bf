"""Thinks that stacked layers multiply their reaches."""
import math


def answer(dilations, taps):
    return math.prod((taps - 1) * d + 1 for d in dilations)
