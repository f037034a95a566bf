"""Gives each frame to its likeliest component outright, which is k-means."""
import numpy as np


def answer(log_joint):
    return np.eye(log_joint.shape[1])[log_joint.argmax(axis=1)]
