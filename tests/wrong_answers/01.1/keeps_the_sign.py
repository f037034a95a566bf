"""Folds to the nearest frequency, but leaves it negative."""


def answer(frequency, sample_rate):
    return frequency - sample_rate * round(frequency / sample_rate)
