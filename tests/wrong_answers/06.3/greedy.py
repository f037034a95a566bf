"""Goes on from the best state so far and never looks back."""
import numpy as np


def answer(log_start, log_transitions, log_densities):
    path = [int((log_start + log_densities[0]).argmax())]
    for row in log_densities[1:]:
        path.append(int((log_transitions[path[-1]] + row).argmax()))
    return np.array(path)
