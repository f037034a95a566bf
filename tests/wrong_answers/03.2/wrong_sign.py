"""Uses the other sign convention, in which the last coefficient is -k."""
import numpy as np


def answer(r, phi, variance):
    m = len(phi)
    k = -(r[m + 1] - phi @ r[m:0:-1]) / variance
    return np.append(phi - k * phi[::-1], k), variance * (1 - k**2)
