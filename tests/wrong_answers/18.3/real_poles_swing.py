"""Lets real poles swing for ever."""

import numpy as np


def answer(phi):
    poles = np.roots(np.concatenate([[1.0], -phi]))
    swinging = poles[poles.imag > 1e-9]
    return float(2 * np.pi / np.angle(max(swinging, key=abs))) if len(swinging) else np.inf
