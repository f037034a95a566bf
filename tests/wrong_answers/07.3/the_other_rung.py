"""Looks at rung a alone, as if rung b did not mind."""

import numpy as np


def answer(F_a, F_b, v_a, v_b):
    return min(1.0, np.exp(F_a(v_a) - F_a(v_b)))
