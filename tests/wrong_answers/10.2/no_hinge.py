"""Leaves the hinge away, which makes it the Wasserstein game."""

import numpy as np


def answer(real, made):
    return np.mean(1 - real) + np.mean(1 + made), -np.mean(made)
