"""Lets the gate be a tanh, which can turn the sign over."""
import numpy as np


def answer(a):
    content, gate = np.split(a, 2, axis=-1)
    return np.tanh(content) * np.tanh(gate)
