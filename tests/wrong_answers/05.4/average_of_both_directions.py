"""The forecasts from the left and from the right are averaged, with equal weights."""

import numpy as np


def forward(x, phi):
    filled = x.copy()
    for t in np.flatnonzero(np.isnan(x)):
        filled[t] = phi @ filled[t - len(phi) : t][::-1]
    return filled


def answer(x, phi):
    return (forward(x, phi) + forward(x[::-1], phi)[::-1]) / 2
