"""The echo is written over the samples that were given."""


def answer(samples, delay, gain):
    copy = samples.copy()
    samples[delay:] += gain * copy[:-delay]
    return samples
