"""Predicts instead of drawing."""
import numpy as np


def answer(logits, temperature, u):
    return int(np.argmax(logits))
