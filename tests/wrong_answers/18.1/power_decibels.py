"""Takes the decibels for a ratio of powers."""

import math


def answer(decibels, z0):
    return math.ceil((z0 / 10 ** (-decibels / 10)) ** 2)
