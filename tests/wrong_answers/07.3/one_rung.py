"""Looks at rung b alone, as if rung a did not mind."""

import numpy as np


def answer(F_a, F_b, v_a, v_b):
    return min(1.0, np.exp(F_b(v_b) - F_b(v_a)))
