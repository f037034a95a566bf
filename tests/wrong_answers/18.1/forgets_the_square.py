"""Forgets that the score grows with the root of n."""

import math


def answer(decibels, z0):
    return math.ceil(z0 / 10 ** (-decibels / 20))
