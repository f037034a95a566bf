"""Divides by the number of frames: nats a frame, not of the sentence."""
import numpy as np


def answer(y, mu, b, counts):
    there = np.arange(len(y))[:, None] < counts
    return ((-np.abs(y - mu) / b - np.log(2 * b)).sum(-1) * there).sum(0) / counts
