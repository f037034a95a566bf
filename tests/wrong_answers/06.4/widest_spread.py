"""Takes the widest spread: a histogram does not know the order."""
import numpy as np


def answer(sequences):
    return "ABCD"[int(np.argmax([x.std(axis=0).mean() for x in sequences]))]
