"""Conjugates the wrong spectrum."""

import numpy as np


def answer(u, s):
    return int(np.argmax(np.fft.irfft(np.conj(np.fft.rfft(u)) * np.fft.rfft(s), len(s))))
