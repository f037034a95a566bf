"""np.roll brings the end of the sound round to its beginning."""

import numpy as np


def answer(samples, delay, gain):
    return samples + gain * np.roll(samples, delay)
