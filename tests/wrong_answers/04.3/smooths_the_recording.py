"""Filters the recording with theta: a moving average of data, not an inverse."""

import numpy as np
import scipy.signal


def answer(x, phi, theta):
    whitened = scipy.signal.lfilter(np.append(1.0, -phi), [1.0], x)
    return scipy.signal.lfilter(np.append(1.0, theta), [1.0], whitened)
