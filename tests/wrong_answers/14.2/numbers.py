"""Returns the numbers that are added to the energies, not who may look."""

import numpy as np


def answer(counts, longest):
    t = np.arange(longest)
    return np.where((t[:, None] >= t) & (t < counts[:, None, None]), 0.0, -np.inf)
