"""Pretends that x[-1] was 0, so that the first sample is as narrow as an innovation."""
import numpy as np


def answer(x, phi, variance):
    e = x - phi * np.append(0.0, x[:-1])
    return float(np.sum(-0.5 * np.log(2 * np.pi * variance) - 0.5 * e**2 / variance))
