"""Takes guidance for a gain of the conditional guess."""


def answer(told, free, scale):
    return scale * told
