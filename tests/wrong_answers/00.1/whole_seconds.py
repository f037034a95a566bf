"""Floor division drops the last part of a second."""


def answer(samples, sample_rate):
    return len(samples) // sample_rate
