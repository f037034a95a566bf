"""Takes the half width, from the peak to the -3 dB point on one side, for the bandwidth."""
import numpy as np


def answer(phi, sample_rate):
    poles = np.roots(np.append(1, -phi))
    poles = poles[poles.imag > 0]
    frequency = np.angle(poles) * sample_rate / (2 * np.pi)
    return np.stack([frequency, -np.log(np.abs(poles)) * sample_rate / (2 * np.pi)], axis=1)
