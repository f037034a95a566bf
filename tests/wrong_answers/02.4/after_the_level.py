"""Counts the level's own piece among those before it."""


def answer(codes, probabilities):
    low, width = 0.0, 1.0
    for t, c in enumerate(codes):
        p = probabilities(codes[:t])
        low += width * p[: c + 1].sum()
        width *= p[c]
    return low, width
