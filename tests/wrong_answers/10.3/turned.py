"""Turns both signs: the judge raises its line where made sounds are."""


def answer(theta, psi, h, gamma):
    return theta - h * psi, psi + h * (theta - gamma * psi)
