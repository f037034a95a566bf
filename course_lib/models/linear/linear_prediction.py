"""Linear prediction: five ways to estimate the coefficients of x[t] = sum_k phi[k] x[t-1-k] + e[t].

Functions of arrays, to be read; the loops that run have compiled twins in ``kernels.ar``.
Conventions: order p; A(z) = 1 - sum_k phi[k] z^-(k+1); reflection coefficients k_m = phi_m[m] are
the partial autocorrelations; signals are not centred.

References
----------
Levinson (1946), The Wiener RMS error criterion in filter design and prediction.
Durbin (1960), The fitting of time-series models.
Burg (1975), Maximum entropy spectral analysis, PhD thesis, Stanford.
Makhoul (1975), Linear prediction: a tutorial review, Proc. IEEE 63(4).
Marple (1980), A new autoregressive spectrum analysis algorithm, IEEE Trans. ASSP 28(4).
Box and Jenkins (1976), Time Series Analysis, appendix to chapter 7 (the exact likelihood).
Notebook: 03.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import numpy as np
import scipy.optimize
from jaxtyping import Float

from course_lib.core import SignalLike, check_order, check_signal, shown
from course_lib.core.checks import as_array
from course_lib.kernels import ar as kernels
from course_lib.models.linear.lattice import predictors_of_every_order


class Predictor(NamedTuple):
    """What a recursion over orders 0 .. p leaves behind (one row per signal, for frames).

    Attributes
    ----------
    phi : (order,), prediction coefficients of the highest order
    reflection : (order,), k_1 .. k_p; the first m belong to the predictor of order m
    variances : (order + 1,), prediction error power of order 0 .. p
    """

    phi: Float[np.ndarray, "*frames order"]
    reflection: Float[np.ndarray, "*frames order"]
    variances: Float[np.ndarray, "*frames stages"]


def autocorrelation(x: SignalLike, order: int) -> Float[np.ndarray, "lags"]:
    """Return how a signal resembles itself, shifted: the biased autocorrelation.

    r[k] = (1/N) sum_{t=0}^{N-1-k} x[t] x[t+k], k = 0 .. order

    Dividing by N at every lag (not by N - k) is what keeps r positive definite.

    Raises
    ------
    TypeError, ValueError
        For a bad signal or order, or fewer than order + 1 samples.
    """
    x = check_signal(x, squared=True)
    order = check_order(order, len(x))
    return np.array([x[: len(x) - k] @ x[k:] for k in range(order + 1)]) / len(x)


_SEMIDEFINITE = (
    "need a positive semidefinite autocorrelation (divide by N at every lag, as "
    "autocorrelation() does)"
)


def levinson(r: Any) -> Predictor:
    """Solve the Yule-Walker equations, one order after another, in O(p^2) steps.

    sum_j phi[j] r[|i-j|] = r[i+1], i = 0 .. p-1. From order m to m + 1:
    k = (r[m+1] - sum_j phi[j] r[m-j]) / v, phi <- (phi - k reversed(phi), k), v <- v (1 - k^2).

    The error v is not let fall more than 120 dB below r[0]: what lies deeper is rounding. There
    the recursion stops, and the remaining coefficients are zero; so too for silence.

    Parameters
    ----------
    r : (order + 1,), autocorrelation from lag 0

    Raises
    ------
    TypeError
        For anything but floats.
    ValueError
        For an r that is no autocorrelation (not positive semidefinite).

    References
    ----------
    Levinson (1946); Durbin (1960); Makhoul (1975), section II. Notebook: 03.
    """
    r = check_signal(r, name="autocorrelation")
    if (np.abs(r) > r[0] * (1 + 1e-9)).any():
        largest = float(np.abs(r).max())
        raise ValueError(
            f"{_SEMIDEFINITE}, got r[0] = {shown(r[0], largest)} and |r| up to "
            f"{shown(largest, r[0])}"
        )
    order = len(r) - 1
    phi, reflection, variances = np.zeros(order), np.zeros(order), np.full(order + 1, r[0])
    floor = kernels.SMALLEST_ERROR * r[0]
    for m in range(order):
        if variances[m] <= floor:
            break
        k = (r[m + 1] - phi[:m] @ r[m:0:-1]) / variances[m]
        if abs(k) > 1 + 1e-6:
            raise ValueError(f"{_SEMIDEFINITE}, got |k| = {shown(abs(k), 1)} at lag {m + 1}")
        k, variances[m + 1 :] = _hold_back(k, variances[m], floor)
        reflection[m] = k
        phi[: m + 1] = np.append(phi[:m] - k * phi[:m][::-1], k)
    return Predictor(phi, reflection, variances)


def _hold_back(k: float, error: float, floor: float) -> tuple[float, float]:
    """Return k and the error after its stage, held back where that would fall below the floor."""
    following = error * (1 - k**2)
    if following > floor:
        return k, following
    return math.copysign(math.sqrt(1 - floor / error), k), floor


def yule_walker(x: SignalLike, order: int) -> Predictor:
    """Fit by the autocorrelation method: ``levinson`` of the ``autocorrelation``.

    Always stable. The signal counts as zero beyond its ends, so that short frames want a window.

    Raises
    ------
    TypeError, ValueError
        For a bad signal or order, or fewer than order + 1 samples.
    """
    return levinson(autocorrelation(x, order))


def burg(x: SignalLike, order: int) -> Predictor:
    """Fit by Burg's method: each stage of the lattice is made to leave as little as possible.

    k_m = 2 sum_t f[t] b[t-1] / sum_t (f[t]^2 + b[t-1]^2), where f and b are the forward and
    backward errors of order m - 1 (t from m on: nothing is assumed beyond the ends); then
    f[t] <- f[t] - k b[t-1], b[t] <- b[t-1] - k f[t]. Since 2 |f b| <= f^2 + b^2, |k_m| <= 1.

    As in ``levinson``, the error is not let fall more than 120 dB: always stable.

    Raises
    ------
    TypeError, ValueError
        For a bad signal or order, or fewer than order + 1 samples.

    References
    ----------
    Burg (1975). Notebook: 03.
    """
    x = check_signal(x, squared=True)
    order = check_order(order, len(x))
    phi, reflection, variances = (
        np.zeros(order),
        np.zeros(order),
        np.full(order + 1, x @ x / len(x)),
    )
    floor = kernels.SMALLEST_ERROR * variances[0]
    forward, backward = x, x
    for m in range(order):
        f, b = forward[1:], backward[:-1]
        power = f @ f + b @ b
        if power == 0 or variances[m] <= floor:
            break
        k, variances[m + 1 :] = _hold_back(2 * (f @ b) / power, variances[m], floor)
        forward, backward = f - k * b, b - k * f
        reflection[m] = k
        phi[: m + 1] = np.append(phi[:m] - k * phi[:m][::-1], k)
    return Predictor(phi, reflection, variances)


def covariance(x: SignalLike, order: int) -> tuple[Float[np.ndarray, "order"], float]:
    """Fit by ordinary least squares over the samples whose past is known.

    Minimises sum_{t=p}^{N-1} (x[t] - sum_k phi[k] x[t-1-k])^2. Exact for a sum of sinusoids,
    but nothing keeps the filter stable.

    Returns
    -------
    phi : (order,)
    variance : mean squared error over the N - p equations

    Raises
    ------
    TypeError, ValueError
        For a bad signal or order, or fewer than 2 order samples (as many equations as unknowns).

    References
    ----------
    Makhoul (1975), section II (the covariance method). Notebook: 03.
    """
    x, order = _check_equations(x, order)
    past, present = _pasts(x, order), x[order:]
    phi = np.linalg.lstsq(past, present, rcond=None)[0]
    return phi, float(np.mean((present - past @ phi) ** 2))


def modified_covariance(x: SignalLike, order: int) -> tuple[Float[np.ndarray, "order"], float]:
    """Fit by least squares forwards and backwards in time: twice the equations.

    Minimises sum_{t=p}^{N-1} (x[t] - sum_k phi[k] x[t-1-k])^2
    + sum_{t=0}^{N-1-p} (x[t] - sum_k phi[k] x[t+1+k])^2: a stationary process looks the same
    both ways. The sharpest on tones; stability is likely, not certain.

    Returns
    -------
    phi : (order,)
    variance : mean squared error over the 2 (N - p) equations

    Raises
    ------
    TypeError, ValueError
        For a bad signal or order, or fewer than 3/2 order samples.

    References
    ----------
    Marple (1980). Notebook: 03.
    """
    x, order = _check_equations(x, order, directions=2)
    past = np.concatenate([_pasts(x, order), _pasts(x[::-1], order)])
    present = np.concatenate([x[order:], x[::-1][order:]])
    phi = np.linalg.lstsq(past, present, rcond=None)[0]
    return phi, float(np.mean((present - past @ phi) ** 2))


def _check_equations(x: Any, order: Any, *, directions: int = 1) -> tuple[np.ndarray, int]:
    """Return a checked signal that gives at least as many equations as unknowns."""
    x = check_signal(x, squared=True)
    order = check_order(order, len(x))
    needed = order + math.ceil(order / directions)
    if len(x) < needed:
        raise ValueError(
            f"need at least {needed} samples to determine {order} coefficients by least squares, "
            f'got {len(x)}; shorten the order, pass a longer clip, or fit with method="burg"'
        )
    return x, order


def _pasts(x: np.ndarray, order: int) -> Float[np.ndarray, "equations order"]:
    """Return, for each t >= order, the row x[t-1], x[t-2], .. x[t-order]."""
    if order == 0:
        return np.empty((len(x), 0))
    return np.lib.stride_tricks.sliding_window_view(x[:-1], order)[:, ::-1]


def maximum_likelihood(x: SignalLike, order: int) -> Predictor:
    """Fit by maximising the exact Gaussian likelihood of the whole signal, from Burg's start.

    With a = (1, -phi) and D_ij = sum_t x[t+i] x[t+j] (t = 0 .. N-1-i-j), the exact log-likelihood
    at the best variance a' D a / N is, up to a constant,

    -(N/2) log(a' D a / N) + (1/2) sum_m m log(1 - k_m^2)

    It is maximised over k_m = tanh(theta_m), which keeps the filter stable, with the exact
    gradient; one evaluation costs O(p^2) whatever the length.

    Raises
    ------
    TypeError, ValueError
        For a bad signal or order, or fewer than 2 order samples.

    References
    ----------
    Box and Jenkins (1976), appendix to chapter 7; the partial autocorrelations as parameters:
    Barndorff-Nielsen and Schou (1973), J. Multivariate Analysis 3. Notebook: 03.
    """
    x, order = _check_equations(x, order)
    start = Predictor(*kernels.burg(x, order))
    if order == 0 or start.variances[0] == 0:
        return start
    x = x / math.sqrt(start.variances[0])  # the best k do not depend on the level
    moments = _exact_moments(x, order)
    stage = np.arange(1, order + 1)

    def cost(theta: np.ndarray) -> tuple[float, np.ndarray]:
        k = np.tanh(theta)
        phi, slope = _step_up_with_slope(k)
        a = np.append(1.0, -phi)
        power = max(float(a @ moments @ a) / len(x), kernels.SMALLEST_ERROR)
        value = 0.5 * math.log(power) - 0.5 * float(stage @ np.log1p(-(k**2))) / len(x)
        by_k = -(moments @ a)[1:] @ slope / (power * len(x)) + stage * k / (1 - k**2) / len(x)
        return value, by_k * (1 - k**2)

    most = 1 - kernels.SMALLEST_ERROR
    theta = np.arctanh(np.clip(start.reflection, -most, most))
    limit = math.atanh(most)
    found = scipy.optimize.minimize(
        cost,
        theta,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-limit, limit)] * order,
        options={"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-9},
    )
    reflection = np.tanh(found.x if found.fun <= cost(theta)[0] else theta)
    phi = predictors_of_every_order(reflection)[-1]
    a = np.append(1.0, -phi)
    power = max(float(a @ moments @ a) / len(x), kernels.SMALLEST_ERROR) * start.variances[0]
    return Predictor(phi, reflection, stage_variances(reflection, power))


def _exact_moments(x: np.ndarray, order: int) -> Float[np.ndarray, "rows rows"]:
    """Return D_ij = sum_{t=0}^{N-1-i-j} x[t+i] x[t+j], for i and j from 0 to order."""
    moments = np.empty((order + 1, order + 1))
    for i in range(order + 1):
        for j in range(i + 1):
            moments[i, j] = moments[j, i] = x[i : len(x) - j] @ x[j : len(x) - i]
    return moments


def _step_up_with_slope(reflection: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return phi and its matrix of derivatives d phi[i] / d k_m."""
    phi, slope = np.zeros(0), np.zeros((0, 0))
    for m, k in enumerate(reflection):
        larger = np.zeros((m + 1, m + 1))
        larger[:m, :m] = slope - k * slope[::-1]
        larger[:m, m] = -phi[::-1]
        larger[m, m] = 1.0
        phi, slope = np.append(phi - k * phi[::-1], k), larger
    return phi, slope


def stage_variances(reflection: np.ndarray, variance: float) -> Float[np.ndarray, "stages"]:
    """Return the error power of each order, v_{m-1} = v_m / (1 - k_m^2), ending at `variance`."""
    growth = np.append(1.0, np.cumprod(1.0 / (1.0 - reflection[::-1] ** 2)))
    return variance * growth[::-1]


def fit_frames(
    frames: Any, order: int, *, method: Literal["burg", "yule-walker"] = "burg"
) -> Predictor:
    """Fit every row of a matrix at once, each as a signal of its own.

    Parameters
    ----------
    frames : (frames, time), float
    order : of every fit
    method : "burg" or "yule-walker"

    Returns
    -------
    phi, reflection : (frames, order); variances : (frames, order + 1)

    Raises
    ------
    TypeError, ValueError
        For anything but a matrix of finite floats, rows of fewer than order + 1 samples, a bad
        order or another method.
    """
    frames = as_array(frames, "frames")
    if frames.ndim != 2:
        raise ValueError(f"need frames of shape (frames, time), got shape {frames.shape}")
    order = check_order(order, frames.shape[1])
    flat = check_signal(frames.reshape(-1), name="frames", min_length=0, squared=True)
    frames = flat.reshape(frames.shape)
    if method == "burg":
        return Predictor(*kernels.burg_frames(frames, order))
    if method == "yule-walker":
        r = kernels.autocorrelation_frames(frames, order)
        return Predictor(*kernels.levinson_frames(r))
    raise ValueError(f'need method "burg" or "yule-walker", got {method!r}')
