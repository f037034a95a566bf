"""Takes a dilated filter for a longer one: adds all samples in between."""
import numpy as np


def answer(x, past, present, dilation):
    kernel = np.concatenate([[present], np.full(dilation, past)])
    return np.convolve(x, kernel)[: len(x)]
