"""Counts both poles of a pair as resonances, one of them at a negative frequency."""
import numpy as np


def answer(phi, sample_rate):
    poles = np.roots(np.append(1, -phi))
    poles = poles[poles.imag != 0]
    frequency = np.angle(poles) * sample_rate / (2 * np.pi)
    return np.stack([frequency, -np.log(np.abs(poles)) * sample_rate / np.pi], axis=1)
