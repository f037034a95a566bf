"""Backward-adaptive linear prediction: the course's classical line in bits per sample.

The predictor is fitted again and again to the levels that are already known, so that a decoder,
who knows them too, could follow: nothing has to be sent beside the levels themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.linalg
from jaxtyping import Float, Int

from course_lib.core import (
    Encoding,
    Likelihood,
    SignalLike,
    check_codes,
    check_count,
    check_number,
    settle,
    spawn,
)
from course_lib.features.quantise import MuLaw
from course_lib.kernels import adaptive as kernels

CORRECTION = 1e-4  # white noise 40 dB below the signal keeps the normal equations well conditioned


@dataclass(frozen=True)
class AdaptiveAR:
    """Frame-adaptive AR with Laplace innovations, fitted on the past only.

    With x_s the decoded value of level c_s, B_t the bin of level c_t (the outermost bins reach to
    infinity), and ``escape`` a small probability of a level that nobody foresaw::

        x_hat_t = sum_k phi[k] x_{t-1-k}
        b_t = weighted mean of |x_s - x_hat_s| over s < t, weights forgetting^(t-1-s)
        P(c_t | c_1, ..., c_{t-1}) = (1 - escape) (F((hi_t - x_hat_t) / b_t)
                                     - F((lo_t - x_hat_t) / b_t)) + escape / levels

    with F the distribution function of the standard Laplace law and B_t = [lo_t, hi_t]. Every
    `hop_length` samples phi is found by Levinson-Durbin from the last `window_length` samples,
    tapered towards both ends but mostly towards the older. For each past the probabilities of
    the levels sum to one, so the likelihood is exact.

    Parameters
    ----------
    order : of the predictor
    window_length : samples that it is fitted to; 160 are 20 ms at 8 kHz
    hop_length : samples between two fits; 10 are 1.25 ms at 8 kHz
    forgetting : of the running error, strictly between 0 and 1
    escape : strictly between 0 and 1
    encoding : the levels that are meant

    The defaults were chosen on the training and validation prompts at 8 kHz.

    Raises
    ------
    TypeError, ValueError
        For settings out of range, or a window that is not longer than the order.

    References
    ----------
    Chen, Cox, Lin, Jayant and Melchner (1992), "A low-delay CELP coder for the CCITT 16 kb/s
    speech coding standard", whose predictor is adapted backwards in the same way.
    Notebooks: 02, 03.
    """

    order: int = 16
    window_length: int = 160
    hop_length: int = 10
    forgetting: float = 0.9
    escape: float = 1e-3
    encoding: Encoding = field(default_factory=MuLaw)

    def __post_init__(self) -> None:
        settle(
            self,
            order=check_count(self.order, "order"),
            window_length=check_count(self.window_length, "window_length"),
            hop_length=check_count(self.hop_length, "hop_length"),
            forgetting=check_number(self.forgetting, "forgetting", above=0, below=1),
            escape=check_number(self.escape, "escape", above=0, below=1),
        )
        if self.window_length <= self.order:
            raise ValueError(
                f"need a window_length above the order, {self.order}, got {self.window_length}; "
                "lower the order or lengthen the window"
            )

    def level_log_probabilities(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Float[np.ndarray, "time"]:
        """Return ln P(c_t | c_1, ..., c_{t-1}) for every t: where the bits are spent.

        Raises
        ------
        TypeError, ValueError
            For codes that are not levels of this model's encoding.
        """
        x, low, high = self._prepare(codes, encoding)
        return kernels.adaptive_scores(x, low, high, self.encoding.levels, *self.settings())

    def level_log_likelihood(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Likelihood:
        """Return ln P(c_1, ..., c_N), the sum of `level_log_probabilities`; raises as it does."""
        return Likelihood(float(self.level_log_probabilities(codes, encoding).sum()))

    def level_log_probabilities_plainly(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Float[np.ndarray, "time"]:
        """Return the same as `level_log_probabilities`, to be read rather than waited for."""
        x, low, high = self._prepare(codes, encoding)
        levels = self.encoding.levels
        taper, order, hop, forgetting, escape, correction, noise, first, least = self.settings()
        result = np.empty(len(x))
        phi, errors, weight = np.zeros(order), first, 1.0
        for t in range(len(x)):
            if t % hop == 0 and t > 0:
                recent = x[max(t - len(taper), 0) : t] * taper[-min(t, len(taper)) :]
                r = np.correlate(np.pad(recent, (0, order)), recent, "valid") / len(recent)
                r[0] = r[0] * (1 + correction) + noise
                phi = scipy.linalg.solve_toeplitz(r[:order], r[1:])
            past = x[max(t - order, 0) : t][::-1]
            prediction = phi[: len(past)] @ past
            b = max(errors / weight, least)
            below, above = _laplace_cdf((np.array([low[t], high[t]]) - prediction) / b)
            mass = above - below
            result[t] = np.log((1 - escape) * mass + escape / levels)
            errors = forgetting * errors + abs(x[t] - prediction)
            weight = forgetting * weight + 1
        return result

    def sample(
        self,
        length: int,
        *,
        count: int = 1,
        rng: np.random.Generator,
        prompt: SignalLike | None = None,
    ) -> Float[np.ndarray, "count length"]:
        """Draw levels from P, and adapt to what was drawn; return their decoded values.

        Parameters
        ----------
        length : samples to draw, not counting the prompt
        count : how many signals
        rng : the caller's generator
        prompt : a sound to go on from; without one the model starts knowing nothing

        Raises
        ------
        TypeError, ValueError
            For a length or count below 1, or a prompt that the encoding refuses.
        """
        length, count = check_count(length, "length"), check_count(count, "count")
        encoding = self.encoding
        past = np.empty(0) if prompt is None else encoding.decode(encoding.encode(prompt))
        drawn = np.empty((count, length))
        for row, child in zip(drawn, spawn(rng, count), strict=True):
            x = np.concatenate([past, np.zeros(length)])
            kernels.adaptive_samples(
                x, len(past), child.random(length), self._values(), encoding.edges(),
                *self.settings(),
            )  # fmt: skip
            row[:] = x[len(past) :]
        return drawn

    def start(self, sounds: int = 1) -> Float[np.ndarray, "sounds numbers"]:
        """Return what the predictor remembers before the first sample, a row a sound."""
        taper, order, *_, scale, _ = self.settings()
        row = kernels.start(order, len(taper), scale)
        return np.tile(row, (check_count(sounds, "sounds"), 1))

    def expected(
        self, memory: Float[np.ndarray, "sounds numbers"]
    ) -> tuple[Float[np.ndarray, "sounds"], Float[np.ndarray, "sounds"]]:
        """Return x_hat and b of the sample that comes next, for each sound."""
        errors = memory[:, kernels.ERRORS] / memory[:, kernels.WEIGHT]
        return memory[:, kernels.PREDICTION].copy(), np.maximum(errors, self.least)

    def hear(
        self, memory: Float[np.ndarray, "sounds numbers"], codes: Int[np.ndarray, "time sounds"]
    ) -> tuple[Float[np.ndarray, "time sounds"], Float[np.ndarray, "time sounds"]]:
        """Take in levels, and return x_hat and b of the sample after each of them.

        Parameters
        ----------
        memory : what `start` returned; it is taken on in place
        codes : levels of this model's encoding
        """
        taper, order, hop, forgetting, _, correction, noise, _, least = self.settings()
        return kernels.expectations(
            memory, self.encoding.decode(codes), taper, order, hop, forgetting, correction, noise,
            least,
        )  # fmt: skip

    def _prepare(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the decoded values, and the edges of their bins, the outermost at infinity."""
        if encoding != self.encoding:
            raise ValueError(
                f"need codes of this model's encoding, {self.encoding.name}, got {encoding.name}; "
                "make the model with AdaptiveAR(encoding=...)"
            )
        codes = check_codes(codes, encoding.levels)
        edges = encoding.edges()
        edges[0], edges[-1] = -np.inf, np.inf
        return encoding.decode(codes), edges[codes], edges[codes + 1]

    def _values(self) -> Float[np.ndarray, "levels"]:
        return self.encoding.decode(np.arange(self.encoding.levels))

    @property
    def least(self) -> float:
        """The scale b never falls below this."""
        return self.settings()[-1]

    def settings(
        self,
    ) -> tuple[Float[np.ndarray, "window"], int, int, float, float, float, float, float, float]:
        """Return taper, order, hop, forgetting, escape, correction, noise, first and least scale.

        The finest bin's width w sets the floors: its rounding noise, w^2 / 12, is added to r[0],
        and the Laplace scale stays above w / 100, where that bin is already certain.
        """
        width = float(np.exp(self.encoding.log_width(np.arange(self.encoding.levels)).min()))
        fall = max(self.window_length // 10, 1)
        rise = self.window_length - fall
        taper = np.concatenate(
            [
                np.sin(np.pi / 2 * (np.arange(rise) + 0.5) / rise),
                np.cos(np.pi / 2 * (np.arange(fall) + 0.5) / fall),
            ]
        )
        return (
            taper, self.order, self.hop_length, self.forgetting, self.escape,
            CORRECTION, width**2 / 12, 0.01, width / 100,
        )  # fmt: skip


def _laplace_cdf(z: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """F(z) = exp(z) / 2 below zero, 1 - exp(-z) / 2 above."""
    tail = 0.5 * np.exp(-np.abs(z))
    return np.where(z < 0, tail, 1 - tail)
