"""Counts a stay of d frames as longer than d."""


def answer(a, d):
    return a ** (d - 1), 1 / (1 - a)
