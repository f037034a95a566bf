"""Takes the logarithm of the mean probability: Jensen would object."""
import numpy as np


def answer(logits, codes):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -np.log2(p[np.arange(len(codes)), codes].mean())
