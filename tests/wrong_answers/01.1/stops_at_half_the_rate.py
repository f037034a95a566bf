"""Thinks that what is too high sounds at the highest frequency there is."""


def answer(frequency, sample_rate):
    return min(frequency, sample_rate / 2)
