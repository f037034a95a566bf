"""Autoregression: each sample is a weighted sum of those before it, plus something new.

x[t] = phi[0] x[t-1] + ... + phi[p-1] x[t-p] + e[t]

The model, ``AR``, and the choice of its order. Its coefficients are estimated in
``linear_prediction``; other ways of writing them down are in ``lattice``.
Notebook: 03.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from course_lib.core import (
    Likelihood,
    SignalLike,
    check_count,
    check_number,
    check_order,
    check_signal,
    settle,
    shown,
    spawn,
)
from course_lib.kernels import ar as kernels
from course_lib.models.linear.forecast import Forecast
from course_lib.models.linear.innovations import (
    Gaussian,
    Innovation,
    InnovationName,
    fit_innovation,
)
from course_lib.models.linear.lattice import (
    is_stable,
    lattice_errors,
    predictors_of_every_order,
    step_down,
)
from course_lib.models.linear.linear_prediction import (
    covariance,
    maximum_likelihood,
    modified_covariance,
    stage_variances,
)

Method = Literal["burg", "yule-walker", "covariance", "modified covariance", "maximum likelihood"]


class Resonance(NamedTuple):
    """A pole pair as the ear knows it: centre frequency and -3 dB bandwidth, both in Hz."""

    frequency: float
    bandwidth: float


@dataclass(frozen=True, eq=False)
class AR:
    """An autoregressive model, x[t] = sum_k phi[k] x[t-1-k] + e[t].

    The first p samples have no complete past. They are predicted by the model's own lower
    orders, with those orders' larger errors, and the errors have the innovation's shape: this
    makes ``log_likelihood`` a true density over whole signals, and ``sample`` draws from that
    very density. With Gaussian innovations the process is exactly stationary; with others,
    exactly so in its mean and autocovariance.

    A variance of zero is silence: it samples zeros and has no density.

    Attributes
    ----------
    phi : (order,), prediction coefficients
    variance : of the innovation e
    innovation : the shape of its distribution

    Raises
    ------
    TypeError, ValueError
        For coefficients that are not finite floats, or a negative or infinite variance.
    """

    phi: Float[np.ndarray, "order"]
    variance: float
    innovation: Innovation = field(default_factory=Gaussian)

    def __post_init__(self) -> None:
        phi = check_signal(self.phi, name="phi", min_length=0).copy()
        phi.setflags(write=False)
        settle(self, phi=phi, variance=check_number(self.variance, "variance", minimum=0))

    def __repr__(self) -> str:
        kind = "stable" if self.is_stable else "unstable"
        return f"AR(order {self.order}, {kind}, variance {self.variance:.3g}, {self.innovation})"

    @classmethod
    def fit(
        cls,
        clip: SignalLike,
        order: int = 16,
        *,
        method: Method = "burg",
        innovation: InnovationName = "gaussian",
    ) -> AR:
        """Fit the coefficients by `method`, then the innovation to the prediction errors.

        Parameters
        ----------
        clip : the sound
        order : number of coefficients, 0 or more
        method : "burg", "yule-walker", "covariance", "modified covariance" or
            "maximum likelihood"; the two covariances may give an unstable model
        innovation : "gaussian", "laplace" or "student-t"; for the last two, the variance is
            the likeliest under that distribution

        Raises
        ------
        TypeError, ValueError
            For a bad signal or order, too few samples, or another method or innovation.
        """
        x = check_signal(clip, squared=True)
        order = check_order(order, len(x))
        phi, variance = _estimate(x, order, method)
        if innovation == "gaussian":
            return cls(phi, variance)
        errors = kernels.prediction_residual(x, phi)[order:]
        shape, variance = fit_innovation(errors, innovation)
        return cls(phi, variance, shape)

    @property
    def order(self) -> int:
        """The number of coefficients, p."""
        return len(self.phi)

    @property
    def is_stable(self) -> bool:
        """Whether every pole lies inside the unit circle."""
        return is_stable(self.phi)

    @property
    def reflection(self) -> Float[np.ndarray, "order"]:
        """Reflection coefficients k_1 .. k_p (partial autocorrelations)."""
        return step_down(self.phi)

    @property
    def poles(self) -> np.ndarray:
        """Zeros of A(z), (order,) complex, the largest magnitude first."""
        poles = np.roots(np.append(1.0, -self.phi)).astype(complex)
        poles = np.append(poles, np.zeros(self.order - len(poles)))  # trailing zeros of phi
        return poles[np.argsort(-np.abs(poles), kind="stable")]

    def resonances(self, sample_rate: int) -> list[Resonance]:
        """Return the pole pairs as frequency and bandwidth, ascending: a vowel's formants.

        A pole at r exp(i w) rings at w f_s / (2 pi) Hz with a bandwidth of -ln(r) f_s / pi Hz.

        Parameters
        ----------
        sample_rate : f_s in Hz

        References
        ----------
        Atal and Hanauer (1971), J. Acoust. Soc. Am. 50(2).
        """
        sample_rate = check_count(sample_rate, "sample_rate")
        upper = sorted((p for p in self.poles if p.imag > 0), key=np.angle)
        return [
            Resonance(
                float(np.angle(pole)) * sample_rate / (2 * math.pi),
                -math.log(abs(pole)) * sample_rate / math.pi,
            )
            for pole in upper
        ]

    def spectrum(self, frequencies: Any) -> Float[np.ndarray, "frequencies"]:
        """Return the power spectral density, S(f) = variance / |A(exp(2 pi i f))|^2.

        Its integral over f from -1/2 to 1/2 is the variance of x (for a stable model).

        Parameters
        ----------
        frequencies : (frequencies,), in cycles per sample; Hz divided by the sample rate

        Returns
        -------
        power per cycle per sample, two-sided; divide by the sample rate for power per Hz.
        Infinite where a pole lies on the unit circle.
        """
        frequencies = check_signal(frequencies, name="frequencies")
        lag = np.arange(1, self.order + 1)
        response = 1.0 - np.exp(-2j * math.pi * np.outer(frequencies, lag)) @ self.phi
        with np.errstate(divide="ignore"):
            return self.variance / np.abs(response) ** 2

    def autocovariance(self, lags: int) -> Float[np.ndarray, "lags_plus_1"]:
        """Return E[x[t] x[t+k]] for k = 0 .. lags: Levinson's recursion, run backwards.

        Raises
        ------
        ValueError
            For an unstable model, which has none.
        """
        lags = check_count(lags, "lags", minimum=0)
        predictors, variances = self._lower_orders()
        gamma = np.zeros(lags + 1)
        gamma[0] = variances[0]
        for m in range(1, lags + 1):
            if m <= self.order:  # r[m] = sum_j phi_{m-1}[j] r[m-1-j] + k_m v_{m-1}
                gamma[m] = predictors[m][-1] * variances[m - 1]
                phi = predictors[m - 1]
            else:
                phi = self.phi
            gamma[m] += phi @ gamma[m - 1 : (m - 1 - len(phi)) or None : -1][: len(phi)]
        return gamma

    def residual(self, x: SignalLike) -> Float[np.ndarray, "time"]:
        """Return e[t] = x[t] - sum_k phi[k] x[t-1-k], with zeros before the first sample."""
        return kernels.prediction_residual(check_signal(x), self.phi)

    def filter(self, excitation: SignalLike) -> Float[np.ndarray, "time"]:
        """Return the sound whose ``residual`` is `excitation`; an unstable model may overflow."""
        return kernels.all_pole_filter(check_signal(excitation, name="excitation"), self.phi)

    def log_likelihood(self, x: SignalLike) -> Likelihood:
        """Return the exact log density of a whole signal, in O(N p).

        log p(x) = sum_t log p(u[t]) - log s[t], u[t] = (x[t] - xhat[t]) / s[t], where xhat and
        s^2 come from the predictor of order min(t, p). For Gaussian innovations this is the
        multivariate normal density with the model's Toeplitz covariance.

        Raises
        ------
        TypeError, ValueError
            For a bad signal; for an unstable model or one of zero variance, which has no density.

        References
        ----------
        Brockwell and Davis (1991), Time Series: Theory and Methods, chapter 8 (the likelihood
        by one-step predictors). Notebook: 03.
        """
        x = check_signal(x, squared=True)
        predictors, variances = self._lower_orders()
        self._check_variance()
        errors = kernels.prediction_residual(x, self.phi)
        power = np.full(len(x), self.variance)
        for t in range(min(self.order, len(x))):
            errors[t] = x[t] - predictors[t] @ x[:t][::-1]
            power[t] = variances[t]
        density = self.innovation.log_density(errors / np.sqrt(power))
        return Likelihood(float(np.sum(density - 0.5 * np.log(power))), "exact")

    def sample(
        self, length: int, *, count: int = 1, rng: np.random.Generator
    ) -> Float[np.ndarray, "count length"]:
        """Draw `count` signals from the density that ``log_likelihood`` reports.

        There is no burn-in: the first p samples come from the model's lower orders, so that the
        sound is stationary from its first sample. A longer draw starts with the shorter one.

        Raises
        ------
        TypeError, ValueError
            For a bad length, count or generator, or an unstable model.
        """
        length, count = check_count(length, "length"), check_count(count, "count")
        predictors, variances = self._lower_orders()
        signals = np.empty((count, length))
        start = min(self.order, length)
        for signal, generator in zip(signals, spawn(rng, count), strict=True):
            draws = self.innovation.draw(generator, length)
            head = np.sqrt(variances[:start]) * draws[:start]
            for t in range(start):
                head[t] += predictors[t] @ head[:t][::-1]
            excitation = math.sqrt(self.variance) * draws
            # What makes a filter at rest produce just this beginning:
            excitation[:start] = kernels.prediction_residual(head, self.phi)
            signal[:] = kernels.all_pole_filter(excitation, self.phi)
        return signals

    def forecast(self, x: SignalLike, steps: int) -> Forecast:
        """Return the mean and standard deviation of the next samples, given the last p.

        The mean runs the prediction on without innovations; the variance after h steps is
        variance (psi_0^2 + .. + psi_{h-1}^2), psi the impulse response of 1 / A(z).

        Raises
        ------
        TypeError, ValueError
            For a bad signal or number of steps, or fewer than p samples.

        References
        ----------
        Box and Jenkins (1976), section 5.1. Notebook: 03.
        """
        x = check_signal(x, min_length=max(self.order, 1))
        steps = check_count(steps, "steps")
        past = x[len(x) - self.order :]
        # What makes a filter at rest produce the past, and then nothing new:
        excitation = np.append(kernels.prediction_residual(past, self.phi), np.zeros(steps))
        mean = kernels.all_pole_filter(excitation, self.phi)[self.order :]
        psi = kernels.all_pole_filter(np.append(1.0, np.zeros(steps - 1)), self.phi)
        return Forecast(mean, np.sqrt(self.variance * np.cumsum(psi**2)))

    def _lower_orders(self) -> tuple[list[np.ndarray], np.ndarray]:
        """Return the predictors of order 0 .. p and their error powers."""
        if not self.is_stable:
            raise ValueError(
                f"need a stable model, got a pole of magnitude {shown(abs(self.poles[0]), 1)}; "
                'fit with method="burg" or "yule-walker", which are always stable'
            )
        reflection = self.reflection
        return predictors_of_every_order(reflection), stage_variances(reflection, self.variance)

    def _check_variance(self) -> None:
        if self.variance == 0:
            raise ValueError(
                "need a variance above 0 for a density, got 0: the model was fitted to silence; "
                "add a little noise (dither) to the clip"
            )


def _estimate(x: np.ndarray, order: int, method: Method) -> tuple[np.ndarray, float]:
    """Return phi and the innovation variance of one checked signal."""
    if method == "burg":
        phi, _, variances = kernels.burg(x, order)
    elif method == "yule-walker":
        phi, _, variances = kernels.levinson(kernels.autocorrelation(x, order))
    elif method == "maximum likelihood":
        phi, _, variances = maximum_likelihood(x, order)
    elif method == "covariance":
        return covariance(x, order)
    elif method == "modified covariance":
        return modified_covariance(x, order)
    else:
        raise ValueError(f"need a method out of {', '.join(get_args(Method))}, got {method!r}")
    return phi, float(variances[-1])


@dataclass(frozen=True, eq=False)
class OrderScores:
    """Criteria for every order 0 .. p of one Burg fit; of each, the smallest is best.

    Attributes
    ----------
    variance : (order + 1,), prediction error power v_m on the fitted clip; it only ever falls
    aic : N (log 2 pi v_m + 1) + 2 (m + 1), Akaike's information criterion
    aicc : N (log 2 pi v_m + 1) + 2 (m + 1) N / (N - m - 2), corrected for short clips
    bic : N (log 2 pi v_m + 1) + (m + 1) log N, Schwarz's criterion
    fpe : v_m (N + m) / (N - m), Akaike's final prediction error where no mean is fitted
    held_out : bits per sample (of a density: differences count, the sign does not) that each
        order needs for a clip it has not seen; None where no such clip was given

    References
    ----------
    Akaike (1969), Fitting autoregressive models for prediction (FPE); Akaike (1974), IEEE Trans.
    AC 19(6) (AIC); Schwarz (1978), Annals of Statistics 6(2) (BIC); Hurvich and Tsai (1989),
    Biometrika 76(2) (AICc). Notebook: 03.
    """

    variance: Float[np.ndarray, "stages"]
    aic: Float[np.ndarray, "stages"]
    aicc: Float[np.ndarray, "stages"]
    bic: Float[np.ndarray, "stages"]
    fpe: Float[np.ndarray, "stages"]
    held_out: Float[np.ndarray, "stages"] | None

    def best(self) -> dict[str, int]:
        """Return the order that each criterion likes best."""
        names = ["aic", "aicc", "bic", "fpe"] + ["held_out"] * (self.held_out is not None)
        return {name: int(np.argmin(getattr(self, name))) for name in names}


def score_orders(x: SignalLike, highest: int, *, held_out: SignalLike | None = None) -> OrderScores:
    """Score every order up to `highest` from one Burg recursion (and one lattice pass).

    The recursion meets every order on its way, so that all of them cost no more than the last.
    The held-out likelihoods are exact (see ``AR.log_likelihood``), all orders in one pass: the
    m-th error of the lattice is the residual of order m.

    Parameters
    ----------
    x : (time,), the sound to fit
    highest : the largest order to score
    held_out : a sound that is scored but not fitted

    Raises
    ------
    TypeError, ValueError
        For a bad signal or order, silence, or fewer than highest + 3 samples.
    """
    x = check_signal(x, squared=True)
    highest = check_order(highest, len(x) - 2)
    _, reflection, variances = kernels.burg(x, highest)
    if variances[0] == 0:
        raise ValueError("need a sound to choose an order for, got silence")
    order, count = np.arange(highest + 1), len(x)
    fit = count * (np.log(2 * math.pi * variances) + 1)
    bits = None
    if held_out is not None:
        unheard = check_signal(held_out, name="held_out", squared=True)
        errors, _ = lattice_errors(unheard, reflection)
        bits = np.array([_density_bits(errors, variances, m) for m in range(highest + 1)])
    return OrderScores(
        variance=variances,
        aic=fit + 2 * (order + 1),
        aicc=fit + 2 * (order + 1) * count / (count - order - 2),
        bic=fit + (order + 1) * math.log(count),
        fpe=variances * (count + order) / (count - order),
        held_out=bits,
    )


def _density_bits(errors: np.ndarray, variances: np.ndarray, order: int) -> float:
    """Return -log2 p / N of order `order`, whose first samples are left to the lower orders."""
    stage = np.minimum(np.arange(errors.shape[1]), order)
    error, power = errors[stage, np.arange(errors.shape[1])], variances[stage]
    return float(np.mean(0.5 * np.log2(2 * math.pi * power) + 0.5 * error**2 / power / math.log(2)))
