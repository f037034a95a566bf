"""Lets the forger answer to the judge's new line."""


def answer(theta, psi, h, gamma):
    psi = psi + h * (-theta - gamma * psi)
    return theta + h * psi, psi
