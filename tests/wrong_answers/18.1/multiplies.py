"""A fainter mark would need a shorter sound."""

import math


def answer(decibels, z0):
    return math.ceil((z0 * 10 ** (-decibels / 20)) ** 2)
