"""Puts the share into the numerator alone."""


def answer(p, q, share):
    return share * p / (p + q)
