"""Moving averages and ARMA: a filter with zeros, or with poles and zeros, driven by noise.

x[t] - mean = sum_k phi[k] (x[t-1-k] - mean) + e[t] + sum_k theta[k] e[t-1-k]

A tube with a side branch (a nasal) swallows frequencies: it has zeros, where an AR model has only
poles and must imitate one zero by many of them. The model, ``ARMA``; its estimators are in
``estimation``, the Kalman filter behind it in ``state_space``.
Notebook: 04.

References
----------
Box and Jenkins (1976), Time Series Analysis, chapters 3 and 7.
Brockwell and Davis (1991), Time Series: Theory and Methods, 2nd ed., chapters 3 and 8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import scipy.signal
from jaxtyping import Float

from course_lib.core import SignalLike, check_count, check_number, check_signal, settle
from course_lib.models.linear.estimation import FitReport, fit_exactly, standard_errors
from course_lib.models.linear.exact_likelihood import ExactLikelihood, Factors, Sizes
from course_lib.models.linear.linear_gaussian import LinearGaussian
from course_lib.models.linear.moments import (
    check_orders,
    hannan_rissanen,
    ma_by_durbin,
    ma_by_innovations,
)
from course_lib.models.linear.state_space import check_series, check_stationary, stationary_root

Method = Literal["maximum likelihood", "hannan-rissanen", "innovations", "durbin"]


@dataclass(frozen=True, eq=False)
class ARMA(LinearGaussian):
    """An ARMA(p, q) model; q = 0 is autoregressive, p = 0 a moving average (MA).

    What a Kalman filter can answer is inherited: ``log_likelihood``, ``residuals``, ``forecast``,
    ``smooth`` and ``draw_missing`` (for series with gaps), ``sample``.

    A variance of zero is the model of a constant series: it has no density.

    Attributes
    ----------
    phi : (p,), weights of past samples
    theta : (q,), weights of past innovations
    variance : of the innovation e, Gaussian
    mean : the level around which x moves
    report : how the fit went, where the model was fitted by maximum likelihood

    Raises
    ------
    TypeError, ValueError
        For coefficients that are not finite floats, or a negative or infinite variance.
    """

    phi: Float[np.ndarray, "p"]
    theta: Float[np.ndarray, "q"]
    variance: float
    mean: float = 0.0
    report: FitReport | None = None

    def __post_init__(self) -> None:
        for name in ("phi", "theta"):
            values = check_signal(getattr(self, name), name=name, min_length=0).copy()
            values.setflags(write=False)
            settle(self, **{name: values})
        settle(
            self,
            variance=check_number(self.variance, "variance", minimum=0),
            mean=check_number(self.mean, "mean"),
        )

    def __repr__(self) -> str:
        p, q = self.order
        kinds = "stationary" if self.is_stationary else "not stationary"
        kinds += ", invertible" if self.is_invertible else ", not invertible"
        return f"ARMA({p}, {q}; {kinds}, variance {self.variance:.3g})"

    @classmethod
    def fit(
        cls,
        x: SignalLike,
        order: tuple[int, int],
        *,
        method: Method = "maximum likelihood",
        with_mean: bool = False,
    ) -> ARMA:
        """Fit an ARMA(p, q) model.

        Parameters
        ----------
        x : the series; NaN where a sample is missing (maximum likelihood only)
        order : (p, q)
        method : "maximum likelihood" (exact; stationary and invertible), "hannan-rissanen"
            (quick; may be neither), or for p = 0 "innovations" and "durbin"
        with_mean : fit the level too; otherwise it is zero

        Warns
        -----
        NotConverged
            Where the likelihood's maximum was not found; ``report.converged`` is False then.

        Raises
        ------
        TypeError, ValueError
            For a bad series or order, too few samples, or a method that does not serve.
        """
        p, q = check_orders(order)
        if method == "maximum likelihood":
            sizes = Sizes(p, 0, q, 0)
            found = fit_exactly(
                check_series(x, squared=True), sizes, np.ones(1), with_mean=with_mean
            )
            factors = found.factors
            return cls(factors.phi, factors.theta, found.variance, factors.mean, found.report)
        series = check_signal(x, squared=True)
        level = float(series[0]) if with_mean else 0.0
        offset = float((series - level).mean()) if with_mean else 0.0
        mean, series = level + offset, series - level - offset
        if method == "hannan-rissanen":
            return cls(*hannan_rissanen(series, (p, q)), mean)
        if method not in ("innovations", "durbin"):
            raise ValueError(f"need a method out of {', '.join(get_args(Method))}, got {method!r}")
        if p > 0:
            raise ValueError(
                f"need p = 0 for the method {method!r}, which fits moving averages, got {p}; "
                'use "maximum likelihood" or "hannan-rissanen"'
            )
        estimate = ma_by_innovations if method == "innovations" else ma_by_durbin
        return cls(*estimate(series, q), mean)

    @property
    def order(self) -> tuple[int, int]:
        """The numbers of coefficients, (p, q)."""
        return len(self.phi), len(self.theta)

    @property
    def ar_coefficients(self) -> Float[np.ndarray, "p"]:
        """phi."""
        return self.phi

    @property
    def ma_coefficients(self) -> Float[np.ndarray, "q"]:
        """theta."""
        return self.theta

    @property
    def differences(self) -> Float[np.ndarray, "lags"]:
        """No differences: the polynomial 1."""
        return np.ones(1)

    @property
    def drift(self) -> float:
        """The mean."""
        return self.mean

    @property
    def poles(self) -> np.ndarray:
        """Zeros of z^p - sum_k phi[k] z^(p-1-k), complex, the largest magnitude first."""
        return _roots(-self.phi)

    @property
    def zeros(self) -> np.ndarray:
        """Zeros of z^q + sum_k theta[k] z^(q-1-k), complex, the largest magnitude first."""
        return _roots(self.theta)

    def filter(self, excitation: SignalLike) -> Float[np.ndarray, "time"]:
        """Return what the model makes of an excitation, from rest: its mean + theta(z) e / phi(z).

        With an impulse for excitation, its impulse response. A model that is not stationary may
        overflow.
        """
        e = check_signal(excitation, name="excitation")
        return self.mean + scipy.signal.lfilter(
            np.append(1.0, self.theta), np.append(1.0, -self.phi), e
        )

    def invertible(self) -> ARMA:
        """Return the invertible model of the same spectrum, whose innovations x determines.

        Each zero z outside the unit circle is mirrored to 1 / conj(z), and the variance grows by
        |z|^2: the autocovariance stays as it was, so no Gaussian series can tell them apart.

        References
        ----------
        Brockwell and Davis (1991), sections 3.1 and 4.4.
        """
        zeros = self.zeros
        outside = np.abs(zeros) > 1
        gain = float(np.prod(np.abs(zeros[outside]) ** 2))
        mirrored = np.where(outside, 1 / np.conj(np.where(outside, zeros, 1.0)), zeros)
        theta = np.real(np.poly(mirrored))[1:]
        return ARMA(self.phi, theta, self.variance * gain, self.mean)

    def spectrum(self, frequencies: Any) -> Float[np.ndarray, "frequencies"]:
        """Return the power spectral density, S(f) = variance |theta(w)|^2 / |phi(w)|^2.

        With w = exp(-2 pi i f), theta(w) = 1 + sum theta_k w^(k+1), phi(w) = 1 - sum phi_k w^(k+1).
        Its integral over f from -1/2 to 1/2 is the variance of x.

        Parameters
        ----------
        frequencies : (frequencies,), in cycles per sample; Hz divided by the sample rate

        Returns
        -------
        power per cycle per sample, two-sided; divide by the sample rate for power per Hz

        References
        ----------
        Brockwell and Davis (1991), theorem 4.4.2. Notebook: 04.
        """
        frequencies = check_signal(frequencies, name="frequencies")
        _, response = scipy.signal.freqz(
            np.append(1.0, self.theta),
            np.append(1.0, -self.phi),
            worN=2 * math.pi * frequencies,
        )
        return self.variance * np.abs(response) ** 2

    def autocovariance(self, lags: int) -> Float[np.ndarray, "lags_plus_1"]:
        """Return E[(x[t] - mean)(x[t+k] - mean)] for k = 0 ... lags.

        gamma(0) = variance (1 + Pi[0, 0]) and gamma(k) = variance (T^(k-1) c)[0], where Pi is the
        covariance of the state, T its companion matrix and c = T Pi z + phi + theta what the
        state has in common with the sample before. For an MA(q) it ends after lag q.

        Raises
        ------
        ValueError
            For a model that is not stationary, which has none.
        """
        lags = check_count(lags, "lags", minimum=0)
        check_stationary(self.phi)
        root = stationary_root(self.phi, self.theta)
        order = len(root)
        phi = np.pad(self.phi, (0, order - len(self.phi)))
        theta = np.pad(self.theta, (0, order - len(self.theta)))
        first = root @ root[0]
        shared = np.append(first[1:], 0.0) + phi * first[0] + phi + theta
        # The state `shared` left to itself: its output is what an all-pole filter makes of it.
        tail, _ = scipy.signal.lfilter([1.0], np.append(1.0, -phi), np.zeros(lags), zi=shared)
        return self.variance * np.append(1.0 + first[0], tail)

    def standard_errors(self, x: SignalLike) -> dict[str, np.ndarray | float]:
        """Return how far phi, theta (and a mean that is not zero) may be off, as fitted to x.

        Raises
        ------
        TypeError, ValueError
            For a bad series, or a model that is not stationary and invertible.
        """
        p, q = self.order
        likelihood = ExactLikelihood.of(
            check_series(x, squared=True), Sizes(p, 0, q, 0), np.ones(1), with_mean=self.mean != 0
        )
        factors = Factors(self.phi, np.zeros(0), self.theta, np.zeros(0), self.mean)
        errors = standard_errors(likelihood, factors)
        return {"phi": errors.phi, "theta": errors.theta, "mean": errors.mean}


def _roots(tail: np.ndarray) -> np.ndarray:
    """Roots of the polynomial 1, tail..., the largest magnitude first; zeros stand at the end."""
    roots = np.roots(np.append(1.0, tail)).astype(complex)
    roots = np.append(roots, np.zeros(len(tail) - len(roots)))
    return roots[np.argsort(-np.abs(roots), kind="stable")]
