"""Mixes the two with weights that sum to one only between 0 and 1."""
import numpy as np


def answer(told, free, scale):
    w = np.clip(scale, 0, 1)
    return (1 - w) * free + w * told
