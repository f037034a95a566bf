"""Compares with the mean of the text, the same for all tokens."""
import numpy as np


def answer(s, h, W, V, b, v):
    return np.full(len(h), np.tanh(W @ s + V @ h.mean(axis=0) + b) @ v)
