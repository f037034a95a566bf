"""Hides the future and forgets that the end of a short text is padding."""

import numpy as np


def answer(counts, longest):
    t = np.arange(longest)
    return np.broadcast_to(t[:, None] >= t, (len(counts), longest, longest))
