"""Counts the moves within the stay and forgets its first frame."""


def answer(a, d):
    return a**d, a / (1 - a)
