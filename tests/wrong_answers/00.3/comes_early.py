"""The copy is moved the wrong way: it is heard before the sound."""


def answer(samples, delay, gain):
    result = samples.copy()
    result[:-delay] += gain * samples[delay:]
    return result
