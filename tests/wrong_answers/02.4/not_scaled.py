"""Forgets that the pieces shrink with the interval."""


def answer(codes, probabilities):
    low, width = 0.0, 1.0
    for t, c in enumerate(codes):
        p = probabilities(codes[:t])
        low += p[:c].sum()
        width *= p[c]
    return low, width
