"""Passes on the level before instead of the whole past."""


def answer(codes, probabilities):
    low, width = 0.0, 1.0
    for t, c in enumerate(codes):
        p = probabilities(codes[max(t - 1, 0) : t])
        low += width * p[:c].sum()
        width *= p[c]
    return low, width
