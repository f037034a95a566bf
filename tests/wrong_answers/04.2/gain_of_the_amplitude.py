"""Lets the variance grow by |z| instead of |z|^2."""

import numpy as np


def answer(theta, variance):
    zeros = np.roots(np.append(1.0, theta)).astype(complex)
    outside = np.abs(zeros) > 1
    gain = np.prod(np.abs(zeros[outside]))
    zeros[outside] = 1 / np.conj(zeros[outside])
    return np.real(np.poly(zeros))[1:], variance * gain
