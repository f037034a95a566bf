"""Forgets the penalty."""


def answer(theta, psi, h, gamma):
    return theta + h * psi, psi - h * theta
