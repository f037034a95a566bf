"""Forgets that the shares differ."""


def answer(p, q, share):
    return p / (p + q)
