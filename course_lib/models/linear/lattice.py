"""Other ways to write down a predictor: reflection coefficients, the lattice, line spectra.

The p coefficients phi of a predictor are a bad thing to round or to interpolate: a small step may
make the filter explode. Reflection coefficients (stable when each lies inside (-1, 1)) and line
spectral frequencies (stable when they ascend) carry the same filter and break less easily.

Sign convention: x[t] = sum_k phi[k] x[t-1-k] + e[t], A(z) = 1 - sum_k phi[k] z^-(k+1), and
k_m is the last coefficient of the order-m predictor, its partial autocorrelation.

References
----------
Markel and Gray (1976), Linear Prediction of Speech, Springer.
Itakura (1975), Line spectrum representation of linear predictive coefficients of speech signals,
J. Acoust. Soc. Am. 57(S1), S35.
Soong and Juang (1984), Line spectrum pair (LSP) and speech data compression, Proc. ICASSP.
Notebook: 03.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

from course_lib.core import SignalLike, check_signal, shown
from course_lib.kernels.lattice import lattice_filter


def step_up(reflection: Any) -> Float[np.ndarray, "order"]:
    """Return the predictor with these reflection coefficients.

    phi_m[i] = phi_{m-1}[i] - k_m phi_{m-1}[m-i] for i < m, and phi_m[m] = k_m, counting i from 1:
    the second half of Levinson's step.

    Parameters
    ----------
    reflection : (order,), k_1 .. k_p; may be empty

    Raises
    ------
    TypeError, ValueError
        For anything but a one-dimensional array of finite floats.
    """
    return predictors_of_every_order(check_signal(reflection, name="reflection", min_length=0))[-1]


def predictors_of_every_order(reflection: np.ndarray) -> list[np.ndarray]:
    """Return the predictors of order 0, 1, .. p that share the first reflection coefficients."""
    predictors = [np.zeros(0)]
    for k in reflection:
        phi = predictors[-1]
        predictors.append(np.append(phi - k * phi[::-1], k))
    return predictors


def step_down(phi: Any) -> Float[np.ndarray, "order"]:
    """Return the reflection coefficients of a predictor: Levinson's step, undone.

    k_m = phi_m[m], phi_{m-1}[i] = (phi_m[i] + k_m phi_m[m-i]) / (1 - k_m^2), counting i from 1.
    The predictor is stable if and only if every |k_m| < 1 (the Schur-Cohn test).

    Parameters
    ----------
    phi : (order,), prediction coefficients; may be empty

    Raises
    ------
    TypeError
        For anything but floats.
    ValueError
        For several dimensions or non-finite values; or where some |k_m| is 1 exactly, so that
        the lower coefficients are not determined.
    """
    reflection = []
    for k in _last_coefficients(check_signal(phi, name="phi", min_length=0)):
        if abs(k) == 1:
            raise ValueError(
                f"need |k| different from 1, got a reflection coefficient of {k:g}: a pole lies "
                "on the unit circle, or two mirror each other in it; shrink phi a little, "
                "phi[i] * 0.999 ** (i + 1)"
            )
        reflection.append(k)
    return np.array(reflection[::-1], dtype=np.float64)


def _last_coefficients(phi: np.ndarray) -> Iterator[float]:
    """Yield k_p, k_{p-1}, .. k_1, each from the predictor of its order."""
    while len(phi):
        k = float(phi[-1])
        yield k
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is not stable either
            phi = (phi[:-1] + k * phi[:-1][::-1]) / (1 - k * k)


def is_stable(phi: Any) -> bool:
    """Say whether every pole lies inside the unit circle, so that the filter's ringing dies away.

    Raises
    ------
    TypeError, ValueError
        For anything but a one-dimensional array of finite floats.
    """
    return all(abs(k) < 1 for k in _last_coefficients(check_signal(phi, name="phi", min_length=0)))


def lattice_errors(
    x: SignalLike, reflection: Any
) -> tuple[Float[np.ndarray, "stages time"], Float[np.ndarray, "stages time"]]:
    """Return the forward and backward prediction errors of every order 0 .. p in one pass.

    f_m[t] = f_{m-1}[t] - k_m b_{m-1}[t-1], b_m[t] = b_{m-1}[t-1] - k_m f_{m-1}[t], with
    f_0 = b_0 = x and zeros before the first sample. f_m is the error in predicting x[t] from
    the m samples before it; b_m is the error in predicting x[t-m] from the m samples after it.

    Parameters
    ----------
    x : (time,), the sound
    reflection : (order,)

    Returns
    -------
    forward, backward : (order + 1, time) each; forward[-1] is the residual of the full predictor

    Raises
    ------
    TypeError, ValueError
        For a bad signal, or reflection coefficients that are not finite floats.
    """
    x = check_signal(x)
    reflection = check_signal(reflection, name="reflection", min_length=0)
    forward = np.empty((len(reflection) + 1, len(x)))
    backward = np.empty_like(forward)
    forward[0] = backward[0] = x
    for m, k in enumerate(reflection):
        delayed = np.append(0.0, backward[m, :-1])
        forward[m + 1] = forward[m] - k * delayed
        backward[m + 1] = delayed - k * forward[m]
    return forward, backward


def lattice_synthesis(excitation: SignalLike, reflection: Any) -> Float[np.ndarray, "time"]:
    """Drive the all-pole lattice: undo ``lattice_errors``, so that forward[-1] becomes x again.

    Sample by sample, from the last stage to the first: f_{m-1} = f_m + k_m b_{m-1}[t-1],
    b_m = b_{m-1}[t-1] - k_m f_{m-1}; x = f_0 = b_0.

    Raises
    ------
    TypeError, ValueError
        For a bad signal, or reflection coefficients outside (-1, 1), whose filter would explode.
    """
    excitation = check_signal(excitation, name="excitation")
    reflection = check_signal(reflection, name="reflection", min_length=0)
    if reflection.size and not np.abs(reflection).max() < 1:
        raise ValueError(
            f"need every |k| < 1 for a stable lattice, got {shown(np.abs(reflection).max(), 1)}"
        )
    return lattice_filter(excitation, reflection[None], float(len(excitation)))


def line_spectral_frequencies(phi: Any) -> Float[np.ndarray, "order"]:
    """Return the p angles in (0, pi) at which the predictor's two mirror polynomials vanish.

    P(z) = A(z) + z^-(p+1) A(1/z) and Q(z) = A(z) - z^-(p+1) A(1/z), so that A = (P + Q) / 2.
    For a stable predictor the zeros of both lie on the unit circle and take turns; beside
    the fixed ones at z = 1 and z = -1 they come in conjugate pairs, p angles in all.

    Parameters
    ----------
    phi : (order,)

    Returns
    -------
    (order,), ascending, in radians per sample (multiply by sample_rate / (2 pi) for Hz);
    the 1st, 3rd, ... are zeros of P, the 2nd, 4th, ... of Q

    Raises
    ------
    TypeError
        For anything but floats.
    ValueError
        For an unstable predictor, whose zeros leave the circle.

    References
    ----------
    Itakura (1975); Soong and Juang (1984).
    """
    if not is_stable(phi):
        raise ValueError(
            "need a stable predictor for line spectral frequencies, got a pole on or outside "
            'the unit circle; fit with method="burg" or "yule-walker"'
        )
    a = np.append(np.append(1.0, -np.asarray(phi, np.float64)), 0.0)
    order = len(a) - 2
    sums, differences = a + a[::-1], a - a[::-1]
    fixed_sums, fixed_differences = _fixed_zeros(order)
    angles = [
        np.angle(np.roots(np.polydiv(polynomial, fixed)[0]))
        for polynomial, fixed in ((sums, fixed_sums), (differences, fixed_differences))
    ]
    return np.sort(np.concatenate([found[found > 0] for found in angles]))


def _fixed_zeros(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of P and Q whose zeros, at z = -1 and z = 1, do not depend on phi."""
    if order % 2 == 0:
        return np.array([1.0, 1.0]), np.array([1.0, -1.0])
    return np.array([1.0]), np.array([1.0, 0.0, -1.0])


def from_line_spectral_frequencies(frequencies: Any) -> Float[np.ndarray, "order"]:
    """Return the predictor with these line spectral frequencies; any ascending ones are stable.

    P and Q are products of 1 - 2 cos(omega) z^-1 + z^-2 over every other angle and of their
    fixed zeros; A = (P + Q) / 2.

    Parameters
    ----------
    frequencies : (order,), strictly ascending in (0, pi), radians per sample

    Raises
    ------
    TypeError
        For anything but floats.
    ValueError
        For angles that do not ascend strictly inside (0, pi).
    """
    frequencies = check_signal(frequencies, name="frequencies", min_length=0)
    if not (np.diff(frequencies, prepend=0.0, append=np.pi) > 0).all():
        raise ValueError(
            f"need frequencies that ascend strictly inside (0, pi), got {frequencies}; "
            "sort them, and keep neighbours apart"
        )
    sums, differences = _fixed_zeros(len(frequencies))
    for omega in frequencies[0::2]:
        sums = np.convolve(sums, [1.0, -2 * np.cos(omega), 1.0])
    for omega in frequencies[1::2]:
        differences = np.convolve(differences, [1.0, -2 * np.cos(omega), 1.0])
    return -0.5 * (sums + differences)[1:-1]
