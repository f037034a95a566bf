"""Normalises over the frames of a component and not over the components of a frame."""
import numpy as np


def answer(log_joint):
    r = np.exp(log_joint - log_joint.max())
    return r / r.sum(axis=0)
