"""Adds where it should average."""

import numpy as np


def answer(real, made):
    return np.sum(np.maximum(0, 1 - real)) + np.sum(np.maximum(0, 1 + made)), -np.mean(made)
