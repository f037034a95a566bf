"""Adds the difference to the prediction that already contains it."""


def answer(x, n_c, n_u, w, a, s):
    return (x - s * (n_c + w * (n_c - n_u))) / a
