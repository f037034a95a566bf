"""Compiled exact likelihood of ARMA models in innovations form.

Plain float64 arrays in, plain arrays out, no checks: ``models.linear.arma`` checks, tells what the
equations mean, and holds the readable twins.

Conventions: x[t] = sum_k phi[k] x[t-1-k] + e[t] + sum_k theta[k] e[t-1-k]; where a kernel has a
state, phi and theta are padded with zeros to its length r >= 1. Variances are in units of the
innovation variance.
"""

from __future__ import annotations

import numpy as np

from course_lib.kernels.compiling import compiled

_compiled = compiled()
# Additions may be reordered, so that the sums vectorise; infinities and NaN keep their meaning.
_compiled_sums = compiled(fastmath={"reassoc", "contract"})

# An impulse response that stays below this is over.
_FADED = 1e-17


@_compiled
def _cholesky(matrix):
    """The lower root of a symmetric matrix; NaN where it is not positive definite."""
    order = len(matrix)
    root = np.zeros((order, order))
    for i in range(order):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= root[i, k] * root[j, k]
            root[i, j] = np.sqrt(total) if i == j else total / root[j, j]
    return root


@_compiled
def _invert_lower(root):
    """The inverse of a lower triangular matrix."""
    order = len(root)
    inverse = np.zeros((order, order))
    for j in range(order):
        for i in range(j, order):
            total = 1.0 if i == j else 0.0
            for k in range(j, i):
                total -= root[i, k] * inverse[k, j]
            inverse[i, j] = total / root[i, i]
    return inverse


@_compiled
def _lyapunov(transition, noise):
    """Solve X = A X A' + W by doubling: after j steps X holds the first 2^j terms of its sum."""
    total, power = noise.copy(), transition.copy()
    for _ in range(64):
        step = power @ total @ power.T
        total += step
        if np.abs(step).max() <= 1e-17 * np.abs(total).max():
            break
        power = power @ power
    return total


@_compiled
def _whitening(phi):
    """Roots of the covariance Gamma of r samples in a row of z = e / phi(z), r = len(phi).

    Levinson's recursion backwards gives every order's predictor; the prediction error of the
    (m + 1)-th sample back from the m before it, scaled to variance 1, is row m of `unroot`.
    No covariance is ever computed, so that poles near the circle cost no digits.

    Returns root (lower, Gamma = root root') and its inverse.
    """
    order = len(phi)
    unroot = np.zeros((order, order))
    current, variance = phi.copy(), 1.0
    for m in range(order - 1, -1, -1):
        k = current[m]
        variance /= 1.0 - k * k
        before = np.empty(m)
        for i in range(m):
            before[i] = (current[i] + k * current[m - 1 - i]) / (1.0 - k * k)
        scale = 1.0 / np.sqrt(variance)
        unroot[m, m] = scale
        for i in range(m):
            unroot[m, i] = -scale * before[m - 1 - i]
        current = before
    return _invert_lower(unroot), unroot


@_compiled
def _states_from_poles(phi, theta):
    """The matrix M of s[i] = sum_l M[i, l] z[t-1-l]: the state out of z = e / phi(z).

    With x = theta(z) z and e = phi(z) z, s[i] = sum_{k>i} (phi_k x[t+i-k] + theta_k e[t+i-k]).
    """
    order = len(phi)
    result = np.zeros((order, order))
    for i in range(order):
        for k in range(i, order):
            result[i, k - i] += phi[k] + theta[k]
            for j in range(order - 1 - k + i):
                result[i, k - i + 1 + j] += phi[k] * theta[j] - theta[k] * phi[j]
    return result


@_compiled
def _states_gradient(weights, phi, theta):
    """Derivatives of sum_il weights[i, l] M[i, l] by phi and by theta."""
    order = len(phi)
    by_phi, by_theta = np.zeros(order), np.zeros(order)
    for i in range(order):
        for k in range(i, order):
            by_phi[k] += weights[i, k - i]
            by_theta[k] += weights[i, k - i]
            for j in range(order - 1 - k + i):
                weight = weights[i, k - i + 1 + j]
                by_phi[k] += weight * theta[j]
                by_theta[j] += weight * phi[k]
                by_theta[k] -= weight * phi[j]
                by_phi[j] -= weight * theta[k]
    return by_phi, by_theta


@_compiled
def stationary_root(phi, theta):
    """A root (r, r) of the covariance of the state of a process that has run for ever."""
    return _states_from_poles(phi, theta) @ _whitening(phi)[0]


@_compiled_sums
def whiten(x, phi, initial):
    """u[t] = x[t] - sum_k phi[k] x[t-1-k] - initial[t], with zeros before the first sample."""
    result = x.copy()
    for k in range(len(phi)):
        past, late, coefficient = x[: len(x) - 1 - k], result[k + 1 :], phi[k]
        for t in range(len(late)):
            late[t] -= coefficient * past[t]
    for t in range(len(initial)):
        result[t] -= initial[t]
    return result


@_compiled
def _invert(u, theta, result, start):
    """result[t] = u[t] - sum_k theta[k] result[t-1-k] from `start` on, zeros before the first.

    The two newest terms stay in registers: each result waits for one multiplication only.
    """
    order = len(theta)
    first = theta[0] if order > 0 else 0.0
    second = theta[1] if order > 1 else 0.0
    newest = result[start - 1] if start > 0 else 0.0
    older = result[start - 2] if start > 1 else 0.0
    for t in range(start, len(u)):
        total = u[t]
        for k in range(2, min(order, t)):
            total -= theta[k] * result[t - 1 - k]
        total -= second * older
        older = newest
        newest = total - first * newest
        result[t] = newest


@_compiled
def filtered_by_inverse(x, theta):
    """x / theta(z), from rest: result[t] = x[t] - sum_k theta[k] result[t-1-k]."""
    result = np.empty(len(x))
    _invert(x, theta, result, 0)
    return result


@_compiled
def impulse_response(theta, length):
    """The response of 1 / (1 + sum_k theta[k] z^-(k+1)), cut where it has faded for good."""
    order = len(theta)
    response = np.zeros(length)
    response[0] = 1.0
    quiet = 0
    for t in range(1, length):
        total = 0.0
        for k in range(min(order, t)):
            total -= theta[k] * response[t - 1 - k]
        response[t] = total
        quiet = quiet + 1 if abs(total) < _FADED else 0
        if quiet >= order:
            return response[: t + 1]
    return response


@_compiled_sums
def _dot(a, b):
    total = 0.0
    for i in range(len(b)):
        total += a[i] * b[i]
    return total


@_compiled
def _response_products(response, order, length):
    """G[i, j] = sum over t < length of response[t - i] response[t - j], (order, order)."""
    products = np.zeros((order, order))
    faded = len(response)
    for j in range(order):
        lag = order - 1 - j
        stop = min(length - order + 1, faded - lag)
        if stop > 0:
            products[order - 1, j] = products[j, order - 1] = _dot(response[lag:], response[:stop])
    for i in range(order - 2, -1, -1):
        for j in range(i, -1, -1):
            a, b = length - 1 - i, length - 1 - j
            edge = response[a] * response[b] if b < faded else 0.0
            products[i, j] = products[j, i] = products[i + 1, j + 1] + edge
    return products


@_compiled_sums
def _response_gradient(weights, response, length):
    """Derivative of tr(weights G) / 2 with respect to each sample of `response`."""
    order, faded = len(weights), len(response)
    gradient = np.zeros(faded)
    for i in range(order):
        for j in range(order):
            # Sum over u of weights[i, j] response[u + i - j], for u + i < length.
            first = max(0, j - i)
            stop = min(faded, length - i, faded + j - i)
            if stop > first:
                weight, part = weights[i, j], gradient[first:stop]
                other = response[first + i - j : stop + i - j]
                for u in range(len(part)):
                    part[u] += weight * other[u]
    return gradient


@_compiled
def _start_gradient(weight, states, root, unroot, phi, theta):
    """Derivatives by phi and theta of what depends on Pi with the derivatives `weight`.

    Pi = M Gamma M', and Gamma = A Gamma A' + (1, 0, ...) is differentiated in coordinates in which
    it is the identity and A a contraction.
    """
    order, state_root = len(phi), states @ root
    by_phi, by_theta = _states_gradient(2.0 * (weight @ state_root @ root.T), phi, theta)
    moved = np.empty((order, order))
    moved[0] = phi @ root
    moved[1:] = root[:-1]
    contraction = unroot @ moved
    adjoint = _lyapunov(contraction.T.copy(), state_root.T @ weight @ state_root)
    by_phi += 2.0 * (root @ (contraction.T @ (adjoint @ unroot[:, 0].copy())))
    return by_phi, by_theta


@_compiled
def _mean_gradient(messages, phi):
    """Derivative of S / 2 by the mean of x, from the messages."""
    by_mean = messages.sum() * (1.0 - phi.sum())
    for k in range(len(phi)):
        tail = 0.0
        for t in range(k + 1):
            tail += messages[t]
        by_mean += phi[k] * tail
    return by_mean


@_compiled
def concentrated_likelihood(x, phi, theta):
    """Return the exact log-likelihood of a stationary, invertible ARMA model, and its gradient.

    The innovation variance and all constants are left out: the value is

        -(N / 2) log S - (1 / 2) log det(I + Pi G)

    where the steady-state filter runs from an unknown first state s ~ N(0, Pi): with e its
    innovations, W[t, i] = h[t - i] their dependence on s, G = W'W and h the impulse response of
    1 / theta(z), S is the least value over s of |e - W s|^2 + s' Pi^-1 s.

    Returns the value, S, and the derivatives by phi, by theta and by the mean of x. All are NaN
    where the model is so near the edge of stationarity or invertibility that rounding wins.
    """
    length, p, q = len(x), len(phi), len(theta)
    order = max(p, q)
    by_phi, by_theta = np.zeros(p), np.zeros(q)
    if order == 0:
        energy = _dot(x, x)
        return -0.5 * length * np.log(energy), energy, by_phi, by_theta, length * x.sum() / energy
    innovations, messages = np.empty(length), np.empty(length)
    none = np.zeros(0)
    _invert(whiten(x, phi, none), theta, innovations, 0)
    _invert(innovations[::-1], theta, messages[::-1], 0)

    # What the first state most likely was: s = Pi (I + G Pi)^-1 W'e, and W'e is in `messages`.
    wide_phi, wide_theta = np.zeros(order), np.zeros(order)
    wide_phi[:p] = phi
    wide_theta[:q] = theta
    root, unroot = _whitening(wide_phi)
    states = _states_from_poles(wide_phi, wide_theta)
    state_root = states @ root  # Pi = state_root state_root'
    response = impulse_response(theta, length)
    response_root = _cholesky(_response_products(response, order, length))
    response_unroot = _invert_lower(response_root)
    crossed = response_root.T @ state_root
    inside_root = _cholesky(np.eye(order) + crossed @ crossed.T)
    inside_unroot = _invert_lower(inside_root)
    inverse = inside_unroot.T @ inside_unroot
    log_det = 2.0 * np.log(np.diag(inside_root)).sum()
    pull = response_root @ (inverse @ (response_unroot @ messages[:order].copy()))
    state = state_root @ (state_root.T @ pull)

    # Innovations and messages again, now from that state; both differ only near the beginning.
    near = min(length, len(response) + order)
    start = whiten(x[:near], phi, state)
    _invert(start, theta, innovations[:near], 0)
    _invert(innovations[::-1], theta, messages[::-1], length - near)
    energy = _dot(innovations, innovations) + _dot(pull, state)
    value = -0.5 * length * np.log(energy) - 0.5 * log_det

    # S as it depends on the filter.
    gain = length / energy
    for k in range(p):
        by_phi[k] = gain * _dot(x, messages[k + 1 :])
    for k in range(q):
        by_theta[k] = gain * _dot(innovations, messages[k + 1 :])
    # S and the determinant as they depend on Pi.
    weight = 0.5 * gain * np.outer(pull, pull) - 0.5 * (response_root @ inverse @ response_root.T)
    from_phi, from_theta = _start_gradient(weight, states, root, unroot, wide_phi, wide_theta)
    by_phi += from_phi[:p]
    by_theta += from_theta[:q]
    # The determinant as it depends on G, through the impulse response.
    weights = state_root @ crossed.T @ inverse @ response_unroot
    by_response = _response_gradient(weights, response, length)
    _invert(by_response[::-1].copy(), theta, by_response[::-1], 0)
    for k in range(min(q, len(response) - 1)):
        by_theta[k] += _dot(response, by_response[k + 1 :])
    # S as it depends on the mean: every sample falls by what the mean rises.
    return value, energy, by_phi, by_theta, gain * _mean_gradient(messages, phi)


@_compiled
def _from_reflection(reflection):
    """Every order's coefficients, table[m, : m + 1], from partial autocorrelations."""
    order = len(reflection)
    table = np.zeros((order, order))
    for m in range(order):
        table[m, m] = reflection[m]
        for i in range(m):
            table[m, i] = table[m - 1, i] - reflection[m] * table[m - 1, m - 1 - i]
    return table


@_compiled
def _reflection_gradient(table, gradient):
    """Turn derivatives by the coefficients table[-1] into derivatives by the reflections."""
    order = len(table)
    result, current = np.empty(order), gradient.copy()
    for m in range(order - 1, -1, -1):
        total = current[m]
        before = np.zeros(m)
        for i in range(m):
            total -= current[i] * table[m - 1, m - 1 - i]
            before[i] += current[i]
            before[m - 1 - i] -= table[m, m] * current[i]
        result[m] = total
        current = before
    return result


@_compiled
def multiply_seasonal(short, seasonal, period):
    """Coefficients after the 1 of (1 + sum a_i z^-i) (1 + sum b_j z^-(j period))."""
    p, seasons = len(short), len(seasonal)
    result = np.zeros(p + seasons * period)
    result[:p] = short
    for j in range(seasons):
        lag = (j + 1) * period
        result[lag - 1] += seasonal[j]
        for i in range(p):
            result[lag + i] += seasonal[j] * short[i]
    return result


@_compiled
def _seasonal_gradient(gradient, other, count, step, other_step):
    """Derivatives by one factor's coefficients, given those by the product's."""
    result = np.empty(count)
    for i in range(count):
        lag = (i + 1) * step - 1
        total = gradient[lag]
        for j in range(len(other)):
            total += gradient[lag + (j + 1) * other_step] * other[j]
        result[i] = total
    return result


@_compiled
def likelihood_of_factors(x, phi, seasonal_phi, theta, seasonal_theta, period):
    """`concentrated_likelihood` of a seasonal model: value, S, derivatives by each factor.

    The derivatives stand in one vector: phi, seasonal_phi, theta, seasonal_theta, mean.
    """
    p, seasons_p, q, seasons_q = len(phi), len(seasonal_phi), len(theta), len(seasonal_theta)
    full_phi = -multiply_seasonal(-phi, -seasonal_phi, period)
    full_theta = multiply_seasonal(theta, seasonal_theta, period)
    value, energy, by_phi, by_theta, by_mean = concentrated_likelihood(x, full_phi, full_theta)
    gradient = np.empty(p + seasons_p + q + seasons_q + 1)
    ends = np.cumsum(np.array([p, seasons_p, q, seasons_q]))
    gradient[: ends[0]] = _seasonal_gradient(by_phi, -seasonal_phi, p, 1, period)
    gradient[ends[0] : ends[1]] = _seasonal_gradient(by_phi, -phi, seasons_p, period, 1)
    gradient[ends[1] : ends[2]] = _seasonal_gradient(by_theta, seasonal_theta, q, 1, period)
    gradient[ends[2] : ends[3]] = _seasonal_gradient(by_theta, theta, seasons_q, period, 1)
    gradient[ends[3]] = by_mean
    return value, energy, gradient


@_compiled
def likelihood_of_reflections(x, reflections, sizes, period):
    """`likelihood_of_factors` where each factor is given by its partial autocorrelations.

    `reflections` holds the four factors' one after another, `sizes` how many of each; those of
    the moving averages belong to -theta. The derivatives are by `reflections`, then by the mean.
    """
    a, b, c, d = np.cumsum(sizes)
    tables = (
        _from_reflection(reflections[:a]),
        _from_reflection(reflections[a:b]),
        _from_reflection(reflections[b:c]),
        _from_reflection(reflections[c:d]),
    )
    nothing = np.empty(0)
    value, energy, gradient = likelihood_of_factors(
        x,
        tables[0][-1] if a > 0 else nothing,
        tables[1][-1] if b > a else nothing,
        -tables[2][-1] if c > b else nothing,
        -tables[3][-1] if d > c else nothing,
        period,
    )
    gradient[:a] = _reflection_gradient(tables[0], gradient[:a])
    gradient[a:b] = _reflection_gradient(tables[1], gradient[a:b])
    gradient[b:c] = _reflection_gradient(tables[2], -gradient[b:c])
    gradient[c:d] = _reflection_gradient(tables[3], -gradient[c:d])
    return value, energy, gradient
