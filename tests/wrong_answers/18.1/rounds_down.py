"""Stops one sample short."""


def answer(decibels, z0):
    return int((z0 / 10 ** (-decibels / 20)) ** 2)
