"""The copy is as loud as the sound."""


def answer(samples, delay, gain):
    result = samples.copy()
    result[delay:] += samples[:-delay]
    return result
