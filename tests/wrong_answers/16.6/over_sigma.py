"""Divides by sigma, as in the ODE of exploding variance."""


def answer(denoise, z, t):
    sigma = t / (1 - t)
    return (z - denoise(z / (1 - t), sigma)) / sigma
