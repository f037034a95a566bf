"""Points from noise to sound, while time runs the other way."""


def answer(denoise, z, t):
    return (denoise(z / (1 - t), t / (1 - t)) - z) / t
