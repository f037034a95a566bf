"""Takes the ratio for a logit."""

import numpy as np


def answer(F_a, F_b, v_a, v_b):
    return 1 / (1 + np.exp(-(F_a(v_a) + F_b(v_b) - F_a(v_b) - F_b(v_a))))
