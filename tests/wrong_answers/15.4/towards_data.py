"""Goes from noise to data."""


def answer(denoise, x, t):
    return (denoise(x / (1 - t), t / (1 - t)) - x) / t
