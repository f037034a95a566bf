"""Thinks that sampling reflects at half the rate, and only once."""


def answer(frequency, sample_rate):
    return min(frequency, abs(sample_rate - frequency))
