"""Compresses again instead of expanding."""


def answer(y, s):
    return y * (y**2 + s**2) ** -0.25
