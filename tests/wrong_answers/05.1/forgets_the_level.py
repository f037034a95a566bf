"""The differences are summed from zero, as if the series began there."""

import numpy as np


def answer(changes, last):
    for _ in last:
        changes = np.cumsum(changes)
    return changes
