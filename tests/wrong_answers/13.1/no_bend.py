"""Forgets the hyperbolic tangent: then the state would only shift all energies alike."""
import numpy as np


def answer(s, h, W, V, b, v):
    return (h @ V.T + W @ s + b) @ v
