"""One sum undoes one difference, but is taken for all of them."""

import numpy as np


def answer(changes, last):
    return last[-1] + np.cumsum(changes) if len(last) else changes
