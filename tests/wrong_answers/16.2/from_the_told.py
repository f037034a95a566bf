"""Counts the scale from the conditional guess, as the w of the paper does."""


def answer(told, free, scale):
    return told + scale * (told - free)
