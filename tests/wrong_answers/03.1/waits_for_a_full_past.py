"""Predicts only where all p past samples are there, and so returns too few."""
import numpy as np


def answer(x, phi):
    return np.convolve(x, phi, mode="valid")[:-1]
