"""ARIMA: a series that wanders, differenced until it no longer does, then modelled as ARMA.

phi(z) Phi(z^s) (w[t] - drift) = theta(z) Theta(z^s) e[t],  w = (1 - z^-1)^d (1 - z^-s)^D x

Loudness rises and falls, pitch drifts: their level is not fixed, but their changes may be
stationary. The seasonal factors repeat with period s, as a voice does with its pitch.
Notebook: 05.

Where the first level comes from: nowhere. It has no distribution (a diffuse start), and the
likelihood is the density of the differenced series. This is what statsmodels' ``SARIMAX`` calls
``simple_differencing=True``, and the same number as its ``use_exact_diffuse=True`` plus
(d + s D) log(2 pi) / 2. With missing samples, which cannot be differenced, it is the latter.

References
----------
Box and Jenkins (1976), Time Series Analysis, chapters 4, 5 and 9.
Hurvich and Tsai (1989), Regression and time series model selection in small samples,
Biometrika 76(2).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from course_lib.core import SignalLike, check_count, check_number, check_signal, settle
from course_lib.models.linear.estimation import FitReport, fit_exactly, standard_errors
from course_lib.models.linear.exact_likelihood import ExactLikelihood, Factors, Sizes
from course_lib.models.linear.linear_gaussian import LinearGaussian
from course_lib.models.linear.state_space import check_series, difference_polynomial

Criterion = Literal["aicc", "held-out"]


@dataclass(frozen=True, eq=False)
class ARIMA(LinearGaussian):
    """An ARIMA(p, d, q)(P, D, Q)_s model with drift.

    What a Kalman filter can answer is inherited: ``log_likelihood``, ``residuals``, ``forecast``,
    ``smooth`` and ``draw_missing`` (for series with gaps), ``sample``.

    Attributes
    ----------
    phi, theta : (p,), (q,)
    variance : of the innovation e, Gaussian
    difference : d
    seasonal_phi, seasonal_theta : (P,), (Q,)
    seasonal_difference : D
    period : s; 1 where there is no season
    drift : mean of the differenced series (for d = 1, the slope per sample)
    report : how the fit went

    Raises
    ------
    TypeError, ValueError
        For coefficients that are not finite floats, a negative variance, negative or fractional
        differences, or seasonal parts with a period below 2.
    """

    phi: Float[np.ndarray, "p"]
    theta: Float[np.ndarray, "q"]
    variance: float
    difference: int = 0
    seasonal_phi: Float[np.ndarray, "P"] = field(default_factory=lambda: np.zeros(0))
    seasonal_theta: Float[np.ndarray, "Q"] = field(default_factory=lambda: np.zeros(0))
    seasonal_difference: int = 0
    period: int = 1
    drift: float = 0.0
    report: FitReport | None = None

    def __post_init__(self) -> None:
        for name in ("phi", "theta", "seasonal_phi", "seasonal_theta"):
            values = check_signal(getattr(self, name), name=name, min_length=0).copy()
            values.setflags(write=False)
            settle(self, **{name: values})
        d, seasonal_d = self.difference, self.seasonal_difference
        settle(
            self,
            variance=check_number(self.variance, "variance", minimum=0),
            drift=check_number(self.drift, "drift"),
            difference=check_count(d, "difference (d)", minimum=0),
            seasonal_difference=check_count(seasonal_d, "seasonal_difference (D)", minimum=0),
        )
        settle(self, period=_check_period(self.period, self.seasonal_order))

    def __repr__(self) -> str:
        season = f"{self.seasonal_order}_{self.period}" if any(self.seasonal_order) else ""
        return (
            f"ARIMA{self.order}{season} with drift {self.drift:.3g}, variance {self.variance:.3g}"
        )

    @classmethod
    def fit(
        cls,
        x: SignalLike,
        order: tuple[int, int, int],
        *,
        seasonal_order: tuple[int, int, int] = (0, 0, 0),
        period: int = 1,
        drift: bool = False,
    ) -> ARIMA:
        """Fit by exact maximum likelihood.

        Parameters
        ----------
        x : the series, NaN where a sample is missing
        order : (p, d, q)
        seasonal_order : (P, D, Q)
        period : s, in samples
        drift : fit the mean of the differenced series too; otherwise it is zero

        Warns
        -----
        NotConverged
            Where the likelihood's maximum was not found; ``report.converged`` is False then.

        Raises
        ------
        TypeError, ValueError
            For a bad series, order or period, or a series too short for them.
        """
        p, d, q = _check_triple(order, "order", "(p, d, q)")
        seasonal = _check_triple(seasonal_order, "seasonal_order", "(P, D, Q)")
        period = _check_period(period, seasonal)
        differences = difference_polynomial(d, seasonal[1], period)
        sizes = Sizes(p, seasonal[0], q, seasonal[2], period)
        found = fit_exactly(check_series(x, squared=True), sizes, differences, with_mean=drift)
        factors = found.factors
        return cls(
            factors.phi,
            factors.theta,
            found.variance,
            d,
            factors.seasonal_phi,
            factors.seasonal_theta,
            seasonal[1],
            period,
            factors.mean,
            found.report,
        )

    @property
    def order(self) -> tuple[int, int, int]:
        """(p, d, q)."""
        return len(self.phi), self.difference, len(self.theta)

    @property
    def seasonal_order(self) -> tuple[int, int, int]:
        """(P, D, Q)."""
        return len(self.seasonal_phi), self.seasonal_difference, len(self.seasonal_theta)

    @property
    def ar_coefficients(self) -> Float[np.ndarray, "p"]:
        """phi(z) Phi(z^s), multiplied out."""
        return self._factors.multiplied(self.period)[0]

    @property
    def ma_coefficients(self) -> Float[np.ndarray, "q"]:
        """theta(z) Theta(z^s), multiplied out."""
        return self._factors.multiplied(self.period)[1]

    @property
    def differences(self) -> Float[np.ndarray, "lags"]:
        """(1 - z^-1)^d (1 - z^-s)^D."""
        return difference_polynomial(self.difference, self.seasonal_difference, self.period)

    @property
    def _factors(self) -> Factors:
        return Factors(
            self.phi, self.seasonal_phi, self.theta, self.seasonal_theta, float(self.drift)
        )

    def aicc(self, x: SignalLike) -> float:
        """Return Akaike's criterion, corrected for short series: lower is better.

        AICc = -2 log L + 2 k N / (N - k - 1), with k coefficients (the drift, where it is not
        zero, and the variance among them) and N the number of samples that count. Compares models
        of one series and the same differences only.

        Raises
        ------
        TypeError, ValueError
            As ``log_likelihood``; or for no more than k + 1 samples.

        References
        ----------
        Hurvich and Tsai (1989).
        """
        observed = int(np.count_nonzero(~np.isnan(check_series(x))))
        count = observed - len(self.differences) + 1
        p, _, q = self.order
        seasonal_p, _, seasonal_q = self.seasonal_order
        parameters = p + q + seasonal_p + seasonal_q + (self.drift != 0) + 1
        if count <= parameters + 1:
            raise ValueError(
                f"need more than {parameters + 1} samples that count for {parameters} "
                f"parameters, got {count}"
            )
        penalty = 2 * parameters * count / (count - parameters - 1)
        return penalty - 2 * self.log_likelihood(x).nats

    def standard_errors(self, x: SignalLike) -> dict[str, np.ndarray | float]:
        """Return how far each coefficient (and a drift that is not zero) may be off.

        Raises
        ------
        TypeError, ValueError
            For a bad series, or a model that is not stationary and invertible.
        """
        p, _, q = self.order
        seasonal_p, _, seasonal_q = self.seasonal_order
        sizes = Sizes(p, seasonal_p, q, seasonal_q, self.period)
        likelihood = ExactLikelihood.of(
            check_series(x, squared=True), sizes, self.differences, with_mean=self.drift != 0
        )
        errors = standard_errors(likelihood, self._factors)._asdict()
        errors["drift"] = errors.pop("mean")
        return errors


class ScoredOrder(NamedTuple):
    """A model and what it was compared by: AICc, or held-out bits per sample; lower is better."""

    order: tuple[int, int, int]
    score: float
    model: ARIMA


def compare_orders(
    x: SignalLike,
    orders: Iterable[tuple[int, int, int]],
    *,
    criterion: Criterion = "aicc",
    drift: bool = False,
    held_out: float = 0.25,
) -> list[ScoredOrder]:
    """Fit every order, and return the models from the best to the worst.

    By AICc, which compares only orders of the same d; or by the bits per sample that the model,
    fitted to the beginning, needs for the rest given the beginning,
    -[log2 p(x) - log2 p(beginning)] / N_rest, which compares all.

    Parameters
    ----------
    x : the series, NaN where a sample is missing
    orders : (p, d, q) to try
    criterion : "aicc" or "held-out"
    drift : fit a drift with each
    held_out : the fraction at the end that is not fitted

    Raises
    ------
    TypeError, ValueError
        For no order, different d under AICc, another criterion, or as ``ARIMA.fit`` does.

    References
    ----------
    Hurvich and Tsai (1989). Notebook: 05.
    """
    series = check_series(x)
    orders = [_check_triple(order, "order", "(p, d, q)") for order in orders]
    if criterion not in get_args(Criterion):
        raise ValueError(f'need the criterion "aicc" or "held-out", got {criterion!r}')
    if not orders:
        raise ValueError("need at least one order to compare, got none")
    if criterion == "aicc" and len({d for _, d, _ in orders}) > 1:
        raise ValueError(
            "need orders of one d for AICc, whose likelihoods are of differenced series, got d = "
            f'{sorted({d for _, d, _ in orders})}; use criterion="held-out"'
        )
    beginning = len(series) - round(
        check_number(held_out, "held_out", above=0, below=1) * len(series)
    )
    # Fit all of it, or its beginning; score by AICc, or by the bits of the rest
    scored = []
    for order in orders:
        if criterion == "aicc":
            model = ARIMA.fit(series, order, drift=drift)
            score = model.aicc(series)
        else:
            model = ARIMA.fit(series[:beginning], order, drift=drift)
            rest = int(np.count_nonzero(~np.isnan(series[beginning:])))
            gained = model.log_likelihood(series).nats
            gained -= model.log_likelihood(series[:beginning]).nats
            score = -gained / (max(rest, 1) * math.log(2))
        scored.append(ScoredOrder(order, score, model))
    return sorted(scored, key=lambda entry: entry.score)


def _check_triple(order: object, name: str, letters: str) -> tuple[int, int, int]:
    """Return three whole numbers of at least 0, or say what came instead."""
    if not isinstance(order, tuple | list) or len(order) != 3:
        raise TypeError(f"need {name} = {letters}, three whole numbers, got {order!r}")
    first, second, third = (
        check_count(value, f"{letter} of {name}", minimum=0)
        for value, letter in zip(order, letters[1::3], strict=True)
    )
    return first, second, third


def _check_period(period: int, seasonal_order: tuple[int, int, int]) -> int:
    period = check_count(period, "period")
    if any(seasonal_order) and period < 2:
        raise ValueError(
            f"need a period of at least 2 samples for seasonal order {seasonal_order}, got "
            f"{period}; pass period=..., or leave out the seasonal part"
        )
    return period
