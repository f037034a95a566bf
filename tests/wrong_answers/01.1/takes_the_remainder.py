"""Thinks that frequencies wrap around at the sample rate, forgetting the mirror at half of it."""


def answer(frequency, sample_rate):
    return frequency % sample_rate
