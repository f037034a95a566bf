"""Returns the expected noise, without taking the datum off."""


def answer(denoise, x, t):
    return (x - (1 - t) * denoise(x / (1 - t), t / (1 - t))) / t
