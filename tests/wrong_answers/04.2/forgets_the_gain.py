"""Mirrors the zeros and keeps the variance: the twin is too quiet."""

import numpy as np


def answer(theta, variance):
    zeros = np.roots(np.append(1.0, theta)).astype(complex)
    outside = np.abs(zeros) > 1
    zeros[outside] = 1 / np.conj(zeros[outside])
    return np.real(np.poly(zeros))[1:], variance
