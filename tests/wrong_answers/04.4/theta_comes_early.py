"""Lets theta_1 weigh the innovation of this very step."""

import numpy as np


def answer(state, innovation, phi, theta):
    new = np.append(state[1:], 0.0)
    new[: len(phi)] += phi * state[0]
    new[0] += innovation
    new[: len(theta)] += theta * innovation
    return new[0], new
