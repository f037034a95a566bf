"""Moves away from what was asked for."""


def answer(x, n_c, n_u, w, a, s):
    return (x - s * (n_c + w * (n_u - n_c))) / a
