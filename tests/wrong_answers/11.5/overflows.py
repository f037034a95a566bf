"""Does not guard exp against large logits."""
import numpy as np


def answer(logits, codes):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return -np.log2(p[np.arange(len(codes)), codes]).mean()
