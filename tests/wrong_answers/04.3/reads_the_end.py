"""Lets x[-1], the last sample, stand for the one before the first."""

import numpy as np


def answer(x, phi, theta):
    e = np.zeros(len(x))
    for t in range(len(x)):
        past = sum(phi[k] * x[t - 1 - k] for k in range(len(phi)))
        news = sum(theta[k] * e[t - 1 - k] for k in range(len(theta)))
        e[t] = x[t] - past - news
    return e
