"""Averages with the weights alone, as if x said nothing about where it came from."""


def answer(x, sigma, weights, means, scales):
    gain = scales**2 / (scales**2 + sigma**2)
    return (weights * (means + gain * (x[:, None] - means))).sum(axis=1) / weights.sum()
