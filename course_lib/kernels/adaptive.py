"""Compiled backward-adaptive prediction: twin and meaning in ``models.linear.adaptive_ar``."""

from __future__ import annotations

import numpy as np

from course_lib.kernels.ar import autocorrelation, levinson
from course_lib.kernels.compiling import compiled

_compiled = compiled()

COUNT, ERRORS, WEIGHT, PREDICTION, HEAD = 0, 1, 2, 3, 4
"""Where a predictor's memory holds: the samples heard, the sum of |errors| and its weight, the
prediction of the next sample; from HEAD on, phi and the most recent samples, the newest last."""


@_compiled
def laplace_mass(low, high):
    """Probability of the standard Laplace distribution between `low` and `high`.

    Written with expm1, so that narrow bins and far tails keep their relative precision.
    """
    if low >= 0.0:
        return -0.5 * np.exp(-low) * np.expm1(low - high)
    if high <= 0.0:
        return -0.5 * np.exp(high) * np.expm1(low - high)
    return -0.5 * (np.expm1(-high) + np.expm1(low))


@_compiled
def _refit(past, taper, order, correction, noise):
    """Fit AR coefficients to the most recent samples, the end of `taper` at the newest."""
    length = min(len(past), len(taper))
    recent = past[len(past) - length :] * taper[len(taper) - length :]
    r = autocorrelation(recent, order)
    r[0] = r[0] * (1.0 + correction) + noise
    return levinson(r)[0]


@_compiled
def _predict(past, phi):
    """x_hat = sum_k phi[k] past[-1-k], with zeros before the first sample."""
    prediction = 0.0
    for k in range(min(len(phi), len(past))):
        prediction += phi[k] * past[len(past) - 1 - k]
    return prediction


@_compiled
def start(order, window, scale):
    """Return what a predictor remembers before the first sample: the float64 numbers named above.

    Parameters
    ----------
    order, window : coefficients, and samples that they are fitted to
    scale : how large the first error is expected to be
    """
    memory = np.zeros(HEAD + order + window)
    memory[ERRORS], memory[WEIGHT] = scale, 1.0
    return memory


@_compiled
def hear(memory, x, taper, order, hop, forgetting, correction, noise):
    """Take in the sample x, and expect the next one: memory changes in place."""
    memory[ERRORS] = forgetting * memory[ERRORS] + abs(x - memory[PREDICTION])
    memory[WEIGHT] = forgetting * memory[WEIGHT] + 1.0
    memory[COUNT] += 1.0
    phi, recent = memory[HEAD : HEAD + order], memory[HEAD + order :]
    for i in range(len(recent) - 1):
        recent[i] = recent[i + 1]
    recent[len(recent) - 1] = x
    count = int(memory[COUNT])
    past = recent[len(recent) - min(count, len(recent)) :]
    if count % hop == 0:
        phi[:] = _refit(past, taper, order, correction, noise)
    memory[PREDICTION] = _predict(past, phi)


@_compiled
def expectations(memories, x, taper, order, hop, forgetting, correction, noise, least):
    """Return what is expected after each sample: predictions and scales of the sample to come.

    Parameters
    ----------
    memories : (sounds, numbers); each is taken on in place
    x : (time, sounds)
    """
    predictions, scales = np.empty(x.shape), np.empty(x.shape)
    for n in range(x.shape[1]):
        memory = memories[n]
        for t in range(x.shape[0]):
            hear(memory, x[t, n], taper, order, hop, forgetting, correction, noise)
            predictions[t, n] = memory[PREDICTION]
            scales[t, n] = max(memory[ERRORS] / memory[WEIGHT], least)
    return predictions, scales


@_compiled
def adaptive_scores(
    x, low, high, levels, taper, order, hop, forgetting, escape, correction, noise, scale, least
):
    """ln P of each sample's bin, low[t] to high[t], given the samples before it."""
    result = np.empty(len(x))
    memory = start(order, len(taper), scale)
    for t in range(len(x)):
        prediction = memory[PREDICTION]
        b = max(memory[ERRORS] / memory[WEIGHT], least)
        mass = laplace_mass((low[t] - prediction) / b, (high[t] - prediction) / b)
        result[t] = np.log((1.0 - escape) * mass + escape / levels)
        hear(memory, x[t], taper, order, hop, forgetting, correction, noise)
    return result


@_compiled
def adaptive_samples(
    x, start_at, uniforms, values, edges, taper, order, hop, forgetting, escape, correction, noise,
    scale, least,
):  # fmt: skip
    """Fill x[start_at:] with values of levels drawn from the same law; before it is the past."""
    levels = len(values)
    memory = start(order, len(taper), scale)
    for t in range(len(x)):
        if t >= start_at:
            u = uniforms[t - start_at]
            if u < escape:
                level = int(u / escape * levels)
            else:
                u = (u - escape) / (1.0 - escape)
                b = max(memory[ERRORS] / memory[WEIGHT], least)
                offset = np.log(2.0 * u) if u < 0.5 else -np.log(2.0 * (1.0 - u))
                amplitude = memory[PREDICTION] + b * offset
                level = np.searchsorted(edges[1:-1], amplitude, side="right")
            x[t] = values[min(level, levels - 1)]
        hear(memory, x[t], taper, order, hop, forgetting, correction, noise)
