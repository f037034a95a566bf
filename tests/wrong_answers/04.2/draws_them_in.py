"""Pulls zeros to just inside the circle at the same angle, which changes the spectrum."""

import numpy as np


def answer(theta, variance):
    zeros = np.roots(np.append(1.0, theta)).astype(complex)
    outside = np.abs(zeros) > 1
    zeros[outside] *= 0.99 / np.abs(zeros[outside])
    return np.real(np.poly(zeros))[1:], variance
