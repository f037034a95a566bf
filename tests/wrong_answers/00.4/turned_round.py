"""The two past samples change places in the line."""


def answer(samples):
    return samples[2:] - (2 * samples[:-2] - samples[1:-1])
