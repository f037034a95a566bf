"""Believes in powers of two, whatever the dilations are."""


def answer(dilations, taps):
    return taps ** len(dilations)
