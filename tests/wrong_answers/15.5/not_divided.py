"""Takes the noise off, and forgets the signal's scale."""


def answer(x, n_c, n_u, w, a, s):
    return x - s * (n_u + w * (n_c - n_u))
