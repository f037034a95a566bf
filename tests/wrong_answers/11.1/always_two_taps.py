"""Knows the formula for two taps only."""


def answer(dilations, taps):
    return 1 + sum(dilations)
