"""A sample rate of 8000 Hz taken for granted."""


def answer(samples, sample_rate):
    return len(samples) / 8000
