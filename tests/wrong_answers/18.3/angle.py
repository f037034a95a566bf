"""Returns the angle of the pole."""

import numpy as np


def answer(phi):
    poles = np.roots(np.concatenate([[1.0], -phi]))
    poles = poles[poles.imag > 1e-9]
    return float(np.angle(max(poles, key=abs))) if len(poles) else None
