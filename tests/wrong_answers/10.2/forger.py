"""Lets the forger make its own logits small."""

import numpy as np


def answer(real, made):
    return np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + made)), np.mean(made)
