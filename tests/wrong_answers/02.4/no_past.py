"""Uses the first sample's probabilities for every sample."""


def answer(codes, probabilities):
    low, width = 0.0, 1.0
    for c in codes:
        p = probabilities([])
        low += width * p[:c].sum()
        width *= p[c]
    return low, width
