"""The innovation is taken as x[t] + sum phi[k] x[t-1-k]."""

import numpy as np


def answer(x, phi):
    missing, p = np.isnan(x), len(phi)
    predict = np.zeros((len(x) - p, len(x)))
    for t in range(len(x) - p):
        predict[t, t : t + p + 1] = np.append(phi[::-1], 1.0)
    filled = x.copy()
    known = predict[:, ~missing] @ x[~missing]
    filled[missing] = np.linalg.lstsq(predict[:, missing], -known)[0]
    return filled
