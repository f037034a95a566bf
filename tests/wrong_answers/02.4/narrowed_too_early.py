"""Narrows the interval before moving its lower end."""


def answer(codes, probabilities):
    low, width = 0.0, 1.0
    for t, c in enumerate(codes):
        p = probabilities(codes[:t])
        width *= p[c]
        low += width * p[:c].sum()
    return low, width
