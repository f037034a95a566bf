"""Compiled Kalman filter and smoother of ARMA models in innovations form.

Conventions as in `kernels.arma`; ``models.linear.state_space`` holds the readable twins.
"""

from __future__ import annotations

import numpy as np

from course_lib.kernels.compiling import compiled

_compiled = compiled()
# Additions may be reordered, so that the sums vectorise; infinities and NaN keep their meaning.
_compiled_sums = compiled(fastmath={"reassoc", "contract"})

# A state whose variances are all below this is known: the filter has reached its steady state.
_KNOWN = 1e-15


@_compiled_sums
def _advance(spread, follow, gain, theta, variance):
    """One observed step of the state's covariance, in place; fills `follow` and `gain`."""
    order = len(theta)
    for i in range(order - 1):
        follow[i] = spread[i + 1, 0]
    follow[order - 1] = 0.0
    for i in range(order):
        gain[i] = (follow[i] + theta[i]) / variance
    excess = variance - 1.0
    for i in range(order):
        row, pull, push = spread[i], gain[i], (theta[i] * excess - follow[i]) / variance
        if i + 1 < order:
            ahead = spread[i + 1, 1:]
            for j in range(order - 1):
                row[j] = ahead[j]
            row[order - 1] = 0.0
        else:
            row[:] = 0.0
        for j in range(order):
            row[j] += push * theta[j] - pull * follow[j]


@_compiled_sums
def _forget(spread, phi, gain, variance):
    """What an unobserved sample adds to the state's covariance, in place."""
    for i in range(len(phi)):
        row, scale = spread[i], variance * (phi[i] + gain[i])
        for j in range(len(phi)):
            row[j] += scale * (phi[j] + gain[j])


@_compiled_sums
def _move(state, phi, gain, value, surprise):
    """state[i] = state[i + 1] + phi[i] value + gain[i] surprise, in place."""
    last = len(state) - 1
    ahead = state[1:]
    for i in range(last):
        state[i] = ahead[i] + (phi[i] * value + gain[i] * surprise)
    state[last] = phi[last] * value + gain[last] * surprise


@_compiled
def kalman_filter(columns, missing, phi, theta, covariance, steady_switch, keep):
    """Predict each sample from those before it, in several series that have the same gaps.

    Parameters
    ----------
    columns : (count, time); what stands at a missing sample is not read
    missing : (time,) booleans
    phi, theta : (r,)
    covariance : (r, r), of the state before the first sample
    steady_switch : whether to stop updating the covariance once the state is known
    keep : whether to keep every gain, for the smoother

    Returns predictions (count, time), their variances (time,), gains (time, r) or (1, r).
    """
    count, length = columns.shape
    order = len(phi)
    predictions, variances = np.empty((count, length)), np.ones(length)
    gains = np.empty((length if keep else 1, order))
    states = np.zeros((count, order))
    spread, follow, gain = covariance.copy(), np.empty(order), theta.copy()
    steady = False
    for t in range(length):
        if not steady:
            variances[t] = 1.0 + max(spread[0, 0], 0.0)  # rounding may leave it below zero
            _advance(spread, follow, gain, theta, variances[t])
        if keep:
            gains[t] = gain
        for c in range(count):
            prediction = states[c, 0]
            predictions[c, t] = prediction
            value = prediction if missing[t] else columns[c, t]
            _move(states[c], phi, gain, value, value - prediction)
        if missing[t]:
            _forget(spread, phi, gain, variances[t])
            steady = False
        elif steady_switch and not steady:
            largest = 0.0
            for i in range(order):
                largest = max(largest, abs(spread[i, i]))
            if largest < _KNOWN:
                steady = True
                spread[:] = 0.0
                gain[:] = theta
    return predictions, variances, gains


@_compiled
def kalman_smoother(innovations, missing, variances, gains, phi):
    """Run backward over what `kalman_filter` kept, and correct its predictions of the gaps.

    Returns corrections (count, time), to be added to the predictions; zero where observed.
    """
    count, length = innovations.shape
    order = len(phi)
    corrections = np.zeros((count, length))
    weight = np.empty(order)
    for c in range(count):
        messages = np.zeros(length + order)
        for reverse in range(length):
            t = length - 1 - reverse
            later = messages[t + 1 : t + 1 + order]
            if missing[t]:
                total = correction = 0.0
                for i in range(order):
                    weight[i] = phi[i] + gains[t, i]
                    total += phi[i] * later[i]
                    correction += weight[i] * later[i]
                messages[t] = total
                corrections[c, t] = variances[t] * correction
            else:
                total = innovations[c, t] / variances[t]
                gain = gains[t]
                for i in range(order):
                    total -= gain[i] * later[i]
                messages[t] = total
    return corrections


@_compiled
def smoothed_variances(missing, variances, gains, phi):
    """Return what is left of the variance of each missing sample once all others are known."""
    length, order = gains.shape
    result = np.zeros(length)
    spread, weighted = np.zeros((order, order)), np.empty(order)
    for reverse in range(length):
        t = length - 1 - reverse
        gain = gains[t]
        if missing[t]:
            remaining = 1.0 / variances[t]
            for i in range(order):
                row, total = spread[i], 0.0
                for j in range(order):
                    total += row[j] * (phi[j] + gain[j])
                remaining -= (phi[i] + gain[i]) * total
            result[t] = variances[t] * variances[t] * remaining
        corner = 0.0 if missing[t] else 1.0 / variances[t]
        for i in range(order):
            row, total = spread[i], 0.0
            for j in range(order):
                total += row[j] * (phi[j] if missing[t] else -gain[j])
            weighted[i] = total
            corner += total * (phi[i] if missing[t] else -gain[i])
        for i in range(order - 1, 0, -1):
            for j in range(order - 1, 0, -1):
                spread[i, j] = spread[i - 1, j - 1]
        for i in range(1, order):
            spread[i, 0] = spread[0, i] = weighted[i - 1]
        spread[0, 0] = corner
    return result
