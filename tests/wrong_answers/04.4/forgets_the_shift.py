"""Multiplies with phi, but does not move the state on."""

import numpy as np


def answer(state, innovation, phi, theta):
    new = np.zeros(len(state))
    new[: len(phi)] += phi * state[0]
    new[: len(theta) + 1] += np.append(1.0, theta) * innovation
    return new[0], new
