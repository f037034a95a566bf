"""Looks for the zeros of phi itself, without the leading 1 of A(z)."""
import numpy as np


def answer(phi, sample_rate):
    poles = np.roots(phi)
    poles = poles[poles.imag > 0]
    frequency = np.angle(poles) * sample_rate / (2 * np.pi)
    return np.stack([frequency, -np.log(np.abs(poles)) * sample_rate / np.pi], axis=1)
