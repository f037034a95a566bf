"""Thinks that a whole turn is half the sample rate."""
import numpy as np


def answer(phi, sample_rate):
    poles = np.roots(np.append(1, -phi))
    poles = poles[poles.imag > 0]
    frequency = np.angle(poles) * sample_rate / (4 * np.pi)
    return np.stack([frequency, -np.log(np.abs(poles)) * sample_rate / np.pi], axis=1)
