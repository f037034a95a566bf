"""Forgets to move the heads to the front."""


def answer(x, heads):
    return x.reshape(len(x), heads, -1)
