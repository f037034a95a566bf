"""Returns the output before the innovation has arrived: one sample late."""

import numpy as np


def answer(state, innovation, phi, theta):
    new = np.append(state[1:], 0.0)
    new[: len(phi)] += phi * state[0]
    new[: len(theta) + 1] += np.append(1.0, theta) * innovation
    return state[0], new
