"""Looks for doubles among the generated sounds instead of copies of training sounds."""
import numpy as np


def answer(training, fake, closeness):
    def nearest_other(x):
        within = np.linalg.norm(x[:, None] - x[None], axis=-1)
        np.fill_diagonal(within, np.inf)
        return within.min(axis=1)

    return np.mean(nearest_other(fake) < closeness * np.median(nearest_other(training)))
