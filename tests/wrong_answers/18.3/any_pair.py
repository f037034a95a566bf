"""Takes the pair that is furthest from the unit circle."""

import numpy as np


def answer(phi):
    poles = np.roots(np.concatenate([[1.0], -phi]))
    poles = poles[poles.imag > 1e-9]
    return float(2 * np.pi / np.angle(min(poles, key=abs))) if len(poles) else None
