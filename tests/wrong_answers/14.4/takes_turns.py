"""Deals the numbers out one by one, as cards."""


def answer(x, heads):
    return x.reshape(len(x), -1, heads).transpose(2, 0, 1)
