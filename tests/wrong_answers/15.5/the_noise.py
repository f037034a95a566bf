"""Stops at the guided noise."""


def answer(x, n_c, n_u, w, a, s):
    return n_u + w * (n_c - n_u)
