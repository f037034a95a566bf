"""Takes the mean of the usual distances, which a few strays decide."""
import numpy as np


def answer(training, fake, closeness):
    within = np.linalg.norm(training[:, None] - training[None], axis=-1)
    np.fill_diagonal(within, np.inf)
    between = np.linalg.norm(fake[:, None] - training[None], axis=-1)
    return np.mean(between.min(axis=1) < closeness * within.min(axis=1).mean())
