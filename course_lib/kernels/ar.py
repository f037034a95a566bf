"""Compiled linear prediction: autocorrelation, Levinson-Durbin, Burg, and the two filters.

Plain float64 arrays in, plain arrays out, no checks: the callers check. Readable twins of
``autocorrelation``, ``levinson`` and ``burg`` stand under the same names in
``models.linear.linear_prediction``. ``*_frames`` treats every row of a matrix as a signal of its
own.

Conventions: x[t] = sum_k phi[k] x[t-1-k] + e[t]; reflection coefficients are the partial
autocorrelations, phi_m[m] = k_m; ``variances[m]`` is the prediction error power of order m.
"""

from __future__ import annotations

import numpy as np

from course_lib.kernels.compiling import compiled

# Additions may be reordered, so that the sums vectorise; infinities and NaN keep their meaning.
_REORDER = {"reassoc", "contract"}
_compiled = compiled()
_compiled_sums = compiled(fastmath=_REORDER)

# Samples that stay in the first-level cache between two loops over them.
_BLOCK = 1024
# Signals that are solved side by side.
_LANES = 256

# Prediction cannot gain more than 120 dB: below that lies the rounding of the samples themselves,
# and a reflection coefficient so near to one that the filter is stable on paper alone.
SMALLEST_ERROR = 1e-12


@_compiled_sums
def _four_products(x, lagged, sums):
    """Add sum_t x[t] lagged[t+j], j = 0..3, to `sums`: each x[t] is loaded once for four lags."""
    first, second, third, fourth = lagged, lagged[1:], lagged[2:], lagged[3:]
    a = b = c = d = 0.0
    for t in range(len(x)):
        a += x[t] * first[t]
        b += x[t] * second[t]
        c += x[t] * third[t]
        d += x[t] * fourth[t]
    sums[0] += a
    sums[1] += b
    sums[2] += c
    sums[3] += d


@_compiled_sums
def _autocorrelation_into(x, result):
    """Write r[k] = (1/N) sum_t x[t] x[t+k] for every k of `result`."""
    length, order = len(x), len(result) - 1
    groups = order // 4 + 1
    reach = 4 * groups  # the lags 0 .. reach - 1 are computed, whole groups of four
    sums = np.zeros(reach)
    inside = max(length - reach, 0)  # up to here every lag finds its partner
    for start in range(0, inside, _BLOCK):
        stop = min(start + _BLOCK, inside)
        for group in range(groups):
            lag = 4 * group
            _four_products(x[start:stop], x[start + lag : stop + lag + 3], sums[lag : lag + 4])
    for t in range(inside, length):
        for lag in range(min(order, length - 1 - t) + 1):
            sums[lag] += x[t] * x[t + lag]
    for lag in range(order + 1):
        result[lag] = sums[lag] / length


@_compiled
def _step_up(phi, order, k):
    """Turn the first `order` coefficients of `phi` into those of order + 1, in place."""
    for i in range((order + 1) // 2):
        j = order - 1 - i
        left, right = phi[i], phi[j]
        phi[i] = left - k * right
        phi[j] = right - k * left
    phi[order] = k


@_compiled
def _hold_back(k, error, floor):
    """Return k and the error power after its stage, held back where that falls below the floor."""
    following = error * (1.0 - k * k)
    if following > floor:
        return k, following
    return np.copysign(np.sqrt(1.0 - floor / error), k), floor


@_compiled
def _levinson_into(r, phi, reflection, variances):
    """Levinson-Durbin; once the error is at its floor, the remaining coefficients are zero."""
    phi[:] = 0.0
    reflection[:] = 0.0
    error, floor = r[0], SMALLEST_ERROR * r[0]
    variances[:] = error
    for m in range(len(phi)):
        if error <= floor:
            break
        correlation = r[m + 1]
        for i in range(m):
            correlation -= phi[i] * r[m - i]
        k, error = _hold_back(correlation / error, error, floor)
        _step_up(phi, m, k)
        reflection[m] = k
        variances[m + 1 :] = error


@_compiled
def _levinson_lanes(r, phi, reflection, variances):
    """Levinson-Durbin on many signals side by side, (order + 1, signals): each loop vectorises."""
    order, lanes = phi.shape
    correlation, k = np.empty(lanes), np.empty(lanes)
    phi[:] = 0.0
    variances[0] = r[0]
    for m in range(order):
        correlation[:] = r[m + 1]
        for i in range(m):
            phi_i, r_i = phi[i], r[m - i]
            for lane in range(lanes):
                correlation[lane] -= phi_i[lane] * r_i[lane]
        error, following = variances[m], variances[m + 1]
        for lane in range(lanes):
            floor = SMALLEST_ERROR * variances[0, lane]
            k[lane], following[lane] = 0.0, error[lane]
            if error[lane] > floor:
                k[lane], following[lane] = _hold_back(
                    correlation[lane] / error[lane], error[lane], floor
                )
        for i in range((m + 1) // 2):
            phi_i, phi_j = phi[i], phi[m - 1 - i]
            for lane in range(lanes):
                left, right = phi_i[lane], phi_j[lane]
                phi_i[lane] = left - k[lane] * right
                phi_j[lane] = right - k[lane] * left
        phi[m] = k
        reflection[m] = k


@_compiled_sums
def _lattice_sums(forward, backward):
    """Return sum f b and sum f^2 + b^2."""
    product = power = 0.0
    for i in range(len(forward)):
        product += forward[i] * backward[i]
        power += forward[i] * forward[i] + backward[i] * backward[i]
    return product, power


@_compiled_sums
def _lattice_stage(forward, backward, k):
    """One stage in place, f' = f - k b and b' = b - k f, with the sums of the next one.

    The next stage pairs f'[i + 1] with b'[i]: b' is remembered from one step to the next, so
    that each number is loaded and stored once.
    """
    first, before = forward[0], backward[0]
    forward[0], before = first - k * before, before - k * first
    backward[0] = before
    product = power = 0.0
    for i in range(len(forward) - 1):
        f, b = forward[i + 1], backward[i + 1]
        new_f, new_b = f - k * b, b - k * f
        forward[i + 1], backward[i + 1] = new_f, new_b
        product += new_f * before
        power += new_f * new_f + before * before
        before = new_b
    return product, power


@_compiled_sums
def _burg_into(forward, backward, phi, reflection, variances):
    """Burg's recursion; `forward` and `backward` hold the signal and are used up.

    backward[i] is kept where it meets forward[m + 1 + i], so that nothing is ever shifted.
    """
    length = len(forward)
    phi[:] = 0.0
    reflection[:] = 0.0
    product, power = _lattice_sums(forward, forward)
    error, floor = product / length, SMALLEST_ERROR * product / length
    variances[:] = error
    product, power = _lattice_sums(forward[1:], backward[: length - 1])
    for m in range(len(phi)):
        if power == 0.0 or error <= floor:
            break
        k, error = _hold_back(2.0 * product / power, error, floor)
        _step_up(phi, m, k)
        reflection[m] = k
        variances[m + 1 :] = error
        product, power = _lattice_stage(forward[m + 1 :], backward[: length - 1 - m], k)


@_compiled
def autocorrelation(x, order):
    """Biased autocorrelation r[0..order] of one signal."""
    result = np.empty(order + 1)
    _autocorrelation_into(x, result)
    return result


@_compiled
def autocorrelation_frames(frames, order):
    """Biased autocorrelation of each row, (frames, order + 1)."""
    result = np.empty((frames.shape[0], order + 1))
    for index in range(frames.shape[0]):
        _autocorrelation_into(frames[index], result[index])
    return result


@_compiled
def levinson(r):
    """Solve the Yule-Walker equations: (phi, reflection, variances)."""
    order = len(r) - 1
    phi, reflection, variances = np.empty(order), np.empty(order), np.empty(order + 1)
    _levinson_into(r, phi, reflection, variances)
    return phi, reflection, variances


@_compiled
def levinson_frames(r):
    """Solve the Yule-Walker equations of each row of `r`, (frames, order + 1)."""
    count, order = r.shape[0], r.shape[1] - 1
    phi, reflection = np.empty((count, order)), np.empty((count, order))
    variances = np.empty((count, order + 1))
    for start in range(0, count, _LANES):
        stop = min(start + _LANES, count)
        lanes = stop - start
        phi_lanes, reflection_lanes = np.empty((order, lanes)), np.empty((order, lanes))
        variance_lanes = np.empty((order + 1, lanes))
        _levinson_lanes(r[start:stop].T.copy(), phi_lanes, reflection_lanes, variance_lanes)
        phi[start:stop] = phi_lanes.T
        reflection[start:stop] = reflection_lanes.T
        variances[start:stop] = variance_lanes.T
    return phi, reflection, variances


@_compiled
def burg(x, order):
    """Burg's method on one signal: (phi, reflection, variances)."""
    phi, reflection, variances = np.empty(order), np.empty(order), np.empty(order + 1)
    _burg_into(x.copy(), x.copy(), phi, reflection, variances)
    return phi, reflection, variances


@_compiled
def burg_frames(frames, order):
    """Burg's method on each row: phi and reflection (frames, order), variances one wider."""
    count = frames.shape[0]
    phi, reflection = np.empty((count, order)), np.empty((count, order))
    variances = np.empty((count, order + 1))
    forward, backward = np.empty(frames.shape[1]), np.empty(frames.shape[1])
    for index in range(count):
        forward[:] = frames[index]
        backward[:] = frames[index]
        _burg_into(forward, backward, phi[index], reflection[index], variances[index])
    return phi, reflection, variances


@_compiled_sums
def prediction_residual(x, phi):
    """e[t] = x[t] - sum_k phi[k] x[t-1-k], with zeros before the first sample."""
    result = x.copy()
    for k in range(min(len(phi), len(x) - 1)):
        late, past, coefficient = result[k + 1 :], x[: len(x) - 1 - k], phi[k]
        for t in range(len(late)):
            late[t] -= coefficient * past[t]
    return result


@_compiled
def all_pole_filter(excitation, phi):
    """x[t] = e[t] + sum_k phi[k] x[t-1-k], with zeros before the first sample."""
    order = len(phi)
    padded = np.zeros(order + len(excitation))
    for t in range(len(excitation)):
        past = padded[t : t + order]
        total = excitation[t]
        for k in range(order):
            total += phi[k] * past[order - 1 - k]
        padded[order + t] = total
    return padded[order:]
