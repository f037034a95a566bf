"""Adds the costs up and does not divide."""
import numpy as np


def answer(logits, codes):
    top = logits.max(axis=1, keepdims=True)
    log_p = logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(codes)), codes].sum() / np.log(2)
