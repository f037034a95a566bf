"""Mirrors zeros that were inside, too."""

import numpy as np


def answer(theta, variance):
    zeros = np.roots(np.append(1.0, theta)).astype(complex)
    gain = np.prod(np.abs(zeros) ** 2)
    return np.real(np.poly(1 / np.conj(zeros)))[1:], variance * gain
