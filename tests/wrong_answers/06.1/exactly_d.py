"""Gives the probability of exactly d frames in place of more than d."""


def answer(a, d):
    return a ** (d - 1) * (1 - a), 1 / (1 - a)
