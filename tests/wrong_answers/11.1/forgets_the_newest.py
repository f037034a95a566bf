"""Counts how far back the oldest sample lies, and forgets that the newest counts too."""


def answer(dilations, taps):
    return (taps - 1) * sum(dilations)
