"""Compiled loops of mixtures and hidden Markov models, over plain float64 arrays.

Arrays of parameters lie the other way round, (dims, components), so that inner loops run over
components, which are contiguous. Readable twins stand in ``models.states.gaussians`` and
``models.states.inference``.
"""

from __future__ import annotations

import math

import numpy as np

from course_lib.kernels.compiling import compiled

_compiled = compiled()
_summing = compiled(fastmath={"reassoc", "contract", "nsz", "nnan"})  # sums in several lanes

_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # their sum is ln 2
_LEAST = -708.0  # exp of less leaves float64's normal numbers


@compiled(fastmath={"contract"})
def _exp(x):
    """Return exp(x) for x of 0 or less, and 0 below -708: a loop of it runs in several lanes.

    exp(x) = 2^n exp(r), with n whole and |r| at most ln(2) / 2, where 14 terms of the series
    leave an error below the last digit; 2^n is written into the bits of a float64.
    """
    y = max(x, _LEAST)
    n = np.floor(y * _LOG2_E + 0.5)
    r = (y - n * _LN2_HIGH) - n * _LN2_LOW
    p = 1 / 6227020800.0
    p = p * r + 1 / 479001600.0
    p = p * r + 1 / 39916800.0
    p = p * r + 1 / 3628800.0
    p = p * r + 1 / 362880.0
    p = p * r + 1 / 40320.0
    p = p * r + 1 / 5040.0
    p = p * r + 1 / 720.0
    p = p * r + 1 / 120.0
    p = p * r + 1 / 24.0
    p = p * r + 1 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    power = np.int64((np.int64(np.int32(n)) + 1023) << 52).view(np.float64)
    return p * power if x >= _LEAST else 0.0


@_summing
def diagonal_log_densities(x, means, half_precisions, constants):
    """Return constants[k] - sum_d half_precisions[d, k] (x[t, d] - means[d, k])^2.

    It is (frames, components), the logarithms of Gaussians with diagonal covariances; the twin
    is ``models.states.gaussians.diagonal_log_densities_by_hand``.
    """
    frames, dims = x.shape
    components = len(constants)
    result = np.empty((frames, components))
    row = np.empty(components)
    for t in range(frames):
        for k in range(components):
            row[k] = constants[k]
        for d in range(dims):
            value = x[t, d]
            for k in range(components):
                difference = value - means[d, k]
                row[k] -= half_precisions[d, k] * difference * difference
        for k in range(components):
            result[t, k] = row[k]
    return result


@_summing
def normalise_rows(logs):
    """Replace each row of logarithms by its softmax; return the sum of the rows' log-sum-exp.

    A row without a finite entry makes the sum minus infinity. The twin is
    ``models.states.gaussians.normalised_by_hand``.
    """
    total = 0.0
    rows, columns = logs.shape
    for t in range(rows):
        top = logs[t, 0]
        for k in range(1, columns):
            if logs[t, k] > top:
                top = logs[t, k]
        if top == -np.inf:
            return top
        mass = 0.0
        for k in range(columns):
            share = _exp(logs[t, k] - top)
            logs[t, k] = share
            mass += share
        inverse = 1 / mass
        for k in range(columns):
            logs[t, k] *= inverse
        total += top + math.log(mass)
    return total


@_summing
def weighted_moments(weights, x, centres):
    """Return sum_t w[t, k], and the sums of w[t, k] (x[t, d] - centres[d, k]) to the powers 1, 2.

    Their shapes are (components,), (dims, components) and (dims, components); the twin is
    ``models.states.gaussians.weighted_moments_by_hand``.
    """
    frames, dims = x.shape
    components = weights.shape[1]
    counts = np.zeros(components)
    first, second = np.zeros((dims, components)), np.zeros((dims, components))
    for t in range(
        0, frames - 1, 2
    ):  # two frames at a time: sums are read and written half as often
        for k in range(components):
            counts[k] += weights[t, k] + weights[t + 1, k]
        for d in range(dims):
            here, there = x[t, d], x[t + 1, d]
            for k in range(components):
                near, far = here - centres[d, k], there - centres[d, k]
                one, two = weights[t, k] * near, weights[t + 1, k] * far
                first[d, k] += one + two
                second[d, k] += one * near + two * far
    if frames % 2:
        t = frames - 1
        for k in range(components):
            counts[k] += weights[t, k]
            for d in range(dims):
                difference = x[t, d] - centres[d, k]
                moment = weights[t, k] * difference
                first[d, k] += moment
                second[d, k] += moment * difference
    return counts, first, second


@_summing
def exponentials(logs):
    """Return exp(logs[t, k] - top[t]) and top[t], the largest of each row (or 0 if infinite)."""
    frames, states = logs.shape
    result, tops = np.empty((frames, states)), np.empty(frames)
    for t in range(frames):
        top = logs[t, 0]
        for k in range(1, states):
            if logs[t, k] > top:
                top = logs[t, k]
        top = top if top > -np.inf else 0.0
        tops[t] = top
        for k in range(states):
            result[t, k] = _exp(logs[t, k] - top)
    return result, tops


@_summing
def forward(start, transitions, densities):
    """Return alpha (time, states), each row summing to one, and the sums it was divided by.

    From a sum of zero on, everything is zero. The twin is
    ``models.states.inference.forward_by_hand``.
    """
    time, states = densities.shape
    alpha, scales = np.zeros((time, states)), np.zeros(time)
    row = start.copy()
    for t in range(time):
        total = 0.0
        for j in range(states):
            row[j] *= densities[t, j]
            total += row[j]
        scales[t] = total
        if total == 0:
            break
        inverse = 1 / total
        for j in range(states):
            alpha[t, j] = row[j] * inverse
            row[j] = 0.0
        for i in range(states):
            share = alpha[t, i]
            for j in range(states):
                row[j] += share * transitions[i, j]
    return alpha, scales


@_summing
def backward(transposed, densities, scales):
    """Return beta and what arrives from the future, v[t, j] = b_j[t] beta[t, j] / scales[t].

    `transposed` is (to, from). The twin is ``models.states.inference.backward_by_hand``.
    """
    time, states = densities.shape
    beta, arriving = np.ones((time, states)), np.empty((time, states))
    row = np.ones(states)
    for t in range(time - 1, -1, -1):
        inverse = 1 / scales[t]
        for j in range(states):
            beta[t, j] = row[j]
            arriving[t, j] = densities[t, j] * row[j] * inverse
            row[j] = 0.0
        for j in range(states):
            share = arriving[t, j]
            for i in range(states):
                row[i] += share * transposed[j, i]
    return beta, arriving


@_compiled
def viterbi(log_start, log_transitions, log_densities):
    """Return the likeliest states and the logarithm of their joint density with the data.

    Of equals the lowest state wins. The twin is ``models.states.inference.viterbi_by_hand``.
    """
    time, states = log_densities.shape
    back = np.zeros((time, states), np.int64)
    score = log_start + log_densities[0]
    best = np.empty(states)
    for t in range(1, time):
        for j in range(states):
            best[j] = -np.inf
        for i in range(states):
            come = score[i]
            for j in range(states):
                through = come + log_transitions[i, j]
                if through > best[j]:
                    best[j] = through
                    back[t, j] = i
        for j in range(states):
            score[j] = best[j] + log_densities[t, j]
    path = np.empty(time, np.int64)
    path[-1] = np.argmax(score)
    for t in range(time - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path, score[path[-1]]
