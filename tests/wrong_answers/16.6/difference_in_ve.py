"""Takes the difference from the rescaled z, where the path is not straight."""


def answer(denoise, z, t):
    x, sigma = z / (1 - t), t / (1 - t)
    return (x - denoise(x, sigma)) / sigma - denoise(x, sigma) * 0.5
