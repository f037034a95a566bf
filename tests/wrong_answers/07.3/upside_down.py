"""Thinks that a higher free energy is more probable."""

import numpy as np


def answer(F_a, F_b, v_a, v_b):
    return min(1.0, np.exp(F_a(v_b) + F_b(v_a) - F_a(v_a) - F_b(v_b)))
