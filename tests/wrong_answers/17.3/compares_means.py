"""Calls whoever has the smaller mean better."""


def answer(a, b):
    return "a" if a.mean() <= b.mean() + 1e-12 else "b"
