"""Compiled backward-adaptive prediction: twin and meaning in ``models.linear.adaptive_ar``."""

from __future__ import annotations

import numpy as np

from course_lib.kernels.ar import autocorrelation, levinson
from course_lib.kernels.compiling import compiled

_compiled = compiled()


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
def adaptive_scores(
    x, low, high, levels, taper, order, hop, forgetting, escape, correction, noise, scale, least
):
    """ln P of each sample's bin, low[t] to high[t], given the samples before it."""
    result = np.empty(len(x))
    phi = np.zeros(order)
    errors, weight = scale, 1.0
    for t in range(len(x)):
        if t % hop == 0 and t > 0:
            phi = _refit(x[:t], taper, order, correction, noise)
        prediction = _predict(x[:t], phi)
        b = max(errors / weight, least)
        mass = laplace_mass((low[t] - prediction) / b, (high[t] - prediction) / b)
        result[t] = np.log((1.0 - escape) * mass + escape / levels)
        errors = forgetting * errors + abs(x[t] - prediction)
        weight = forgetting * weight + 1.0
    return result


@_compiled
def adaptive_samples(
    x, start, uniforms, values, edges, taper, order, hop, forgetting, escape, correction, noise,
    scale, least,
):  # fmt: skip
    """Fill x[start:] with values of levels drawn from the same law; x[:start] is the past."""
    levels = len(values)
    phi = np.zeros(order)
    errors, weight = scale, 1.0
    for t in range(len(x)):
        if t % hop == 0 and t > 0:
            phi = _refit(x[:t], taper, order, correction, noise)
        prediction = _predict(x[:t], phi)
        if t >= start:
            u = uniforms[t - start]
            if u < escape:
                level = int(u / escape * levels)
            else:
                u = (u - escape) / (1.0 - escape)
                b = max(errors / weight, least)
                offset = np.log(2.0 * u) if u < 0.5 else -np.log(2.0 * (1.0 - u))
                level = np.searchsorted(edges[1:-1], prediction + b * offset, side="right")
            x[t] = values[min(level, levels - 1)]
        errors = forgetting * errors + abs(x[t] - prediction)
        weight = forgetting * weight + 1.0
