"""Gives the share to the made sounds."""


def answer(p, q, share):
    return (1 - share) * p / ((1 - share) * p + share * q)
