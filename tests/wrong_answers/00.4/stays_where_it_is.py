"""The guess is the last sample, not the straight line."""


def answer(samples):
    return samples[2:] - samples[1:-1]
