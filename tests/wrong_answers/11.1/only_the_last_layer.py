"""Thinks that the largest dilation decides."""


def answer(dilations, taps):
    return (taps - 1) * max(dilations) + 1
