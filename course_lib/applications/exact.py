"""Probabilities that come out the same on every processor, for coders that depend on them.

A decoder must repeat the encoder's probabilities to the last digit: one level more or less in one
share, and all that follows is noise. Floating-point sums do not grant this. Processors add in
different orders, some multiply and add in one rounding, and libraries differ in the last digit of
exp. Three measures make the numbers here the same everywhere:

- Weights and activations are whole multiples of a power of two. A float64 holds whole numbers
  below 2^53 without rounding, so a sum of products below that bound has no rounding at all and
  comes out the same in any order. `check_exact` computes the bound for each matrix.
- Functions that round (exp, tanh, the mu-law) are tables of whole numbers. The module `decimal`
  computes them; its `exp` and `ln` are correctly rounded by definition.
- What is left is arithmetic of whole numbers, or of Python floats one operation at a time, whose
  result IEEE 754 fixes for +, -, * and /.

Each model gives `begin()`, and what that returns gives `cumulative(level)`, the place in `TOTAL`
where the level's share begins, and `hear(level)`. Notebook: 17.
"""

from __future__ import annotations

import functools
import math
import zlib
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int

from course_lib.applications.arithmetic import TOTAL
from course_lib.features.quantise import LinearQuantiser, MuLaw

UNIT = 2**20
"""Amplitudes are whole multiples of 1 / UNIT."""


class Past(Protocol):
    """What a model knows while it goes through a sound."""

    def cumulative(self, level: int) -> int:
        """Return where the share of a level begins: 0 for level 0, `TOTAL` after the last."""

    def hear(self, level: int) -> None:
        """Take in the level that came."""


class ExactModel(Protocol):
    """A model whose shares are the same on every processor."""

    @property
    def encoding(self) -> MuLaw | LinearQuantiser:
        """The levels that it shares `TOTAL` among."""

    @property
    def fingerprint(self) -> int:
        """A number of 32 bits that changes with anything that changes a share."""

    def begin(self) -> Past:
        """Return a past in which nothing has been heard."""


# ------------------------------------------------------------------ tables of whole numbers

_EXACTLY = Context(prec=30, rounding=ROUND_HALF_EVEN)


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value())


def exp_table(first: int, last: int, *, steps: int, unit: int) -> Int[np.ndarray, "entries"]:
    """Return round(unit exp(i / steps)) for i = first, ..., last, by `decimal`."""
    with localcontext(_EXACTLY):
        values = [_whole(unit * (Decimal(i) / steps).exp()) for i in range(first, last + 1)]
    return np.array(values, np.int64)


def logistic_table(last: int, *, steps: int, unit: int) -> Int[np.ndarray, "entries"]:
    """Return round(unit / (1 + exp(-i / steps))) for i = 0, ..., last, by `decimal`."""
    with localcontext(_EXACTLY):
        values = [_whole(unit / (1 + (Decimal(-i) / steps).exp())) for i in range(last + 1)]
    return np.array(values, np.int64)


@functools.cache
def grid(
    encoding: MuLaw | LinearQuantiser,
) -> tuple[Int[np.ndarray, "levels"], Int[np.ndarray, "edges"]]:
    """Return the levels' amplitudes and the edges of their bins, in multiples of 1 / UNIT.

    Raises
    ------
    TypeError
        For a grid that is neither mu-law nor linear.
    """
    if not isinstance(encoding, MuLaw | LinearQuantiser):
        raise TypeError(f"need MuLaw or LinearQuantiser levels, got {type(encoding).__name__}")
    levels = encoding.levels
    if isinstance(encoding, LinearQuantiser):
        values = (2 * np.arange(levels, dtype=np.int64) - levels) * (UNIT // levels)
        middles = (values[1:] + values[:-1]) // 2
        return values, np.concatenate([[-UNIT], middles, [UNIT]])
    bent = [_expanded(i, levels) for i in range(-levels, levels + 1)]
    return np.array(bent[1::2], np.int64), np.array(bent[::2], np.int64)


def _expanded(i: int, levels: int) -> int:
    """Return UNIT times the mu-law expansion of i / levels, rounded; see features.quantise."""
    with localcontext(_EXACTLY):
        bent = Decimal(levels) ** (Decimal(abs(i)) / levels) - 1
        size = _whole(UNIT * bent / (levels - 1))
    return size if i >= 0 else -size


# ------------------------------------------------------------------ adaptive AR


@dataclass(frozen=True)
class ExactAR:
    """The adaptive AR model of chapter 3 in arithmetic that is the same everywhere.

    As ``models.linear.adaptive_ar.AdaptiveAR``: the predictor is fitted to the past every
    `hop_length` samples, and a Laplace law is integrated over the bins. It differs in its window
    (a parabola in place of a sine), and its coefficients are rounded to multiples of 2^-16. It
    needs no training and works on any grid at any sample rate.

    Parameters
    ----------
    encoding : the levels that are meant
    order, window_length, hop_length : as in `AdaptiveAR`

    Notebook: 17.
    """

    encoding: MuLaw | LinearQuantiser = field(default_factory=lambda: LinearQuantiser(16))
    order: int = 16
    window_length: int = 160
    hop_length: int = 10

    @property
    def fingerprint(self) -> int:
        """A checksum of the settings."""
        return zlib.crc32(f"ar1 {self!r}".encode())

    def begin(self) -> Past:
        """Return a past in which nothing has been heard."""
        return _ARPast(self)


class _ARPast:
    def __init__(self, model: ExactAR) -> None:
        self.model = model
        values, edges = grid(model.encoding)
        self.values, self.edges = values.tolist(), edges.tolist()
        self.levels = len(values)
        self.past = np.zeros(model.window_length, np.int64)  # the newest sample comes last
        self.phi = np.zeros(model.order, np.int64)
        self.heard, self.errors, self.weight, self.prediction = 0, 0.01 * UNIT, 1.0, 0
        self.finest = float(np.diff(edges).min())

    def cumulative(self, level: int) -> int:
        if level <= 0 or level >= self.levels:
            return 0 if level <= 0 else TOTAL
        scale = max(self.errors / self.weight, self.finest / 100)
        z = (self.edges[level] - self.prediction) / scale
        tail = 0.5 * falling_exp(abs(z))
        mass = tail if z < 0 else 1.0 - tail
        return int(mass * (TOTAL - 2 * self.levels)) + 2 * level  # two for each, so none vanishes

    def hear(self, level: int) -> None:
        x = self.values[level]
        self.errors = 0.9 * self.errors + abs(x - self.prediction)
        self.weight = 0.9 * self.weight + 1.0
        self.past[:-1] = self.past[1:]
        self.past[-1] = x
        self.heard += 1
        if self.heard % self.model.hop_length == 0:
            self.phi = self._refit()
        recent = self.past[: -len(self.phi) - 1 : -1]
        self.prediction = int(self.phi @ recent) >> 16

    def _refit(self) -> Int[np.ndarray, "order"]:
        """Return coefficients in multiples of 2^-16: exact moments, then Levinson's recursion."""
        order = self.model.order
        tapered = self.past * _taper(self.model.window_length) >> 10
        n = len(tapered)
        r = [int(tapered[lag:] @ tapered[: n - lag]) / n for lag in range(order + 1)]
        r[0] = r[0] * (1 + 1e-4) + self.finest**2 / 12
        phi = [max(-32.0, min(32.0, value)) for value in levinson_in_python(r)]
        return np.array([round(65536 * value) for value in phi], np.int64)


@functools.cache
def _taper(length: int) -> Int[np.ndarray, "length"]:
    """Return a window that rises as u (2 - u) to 1024 and falls so at its newest tenth."""
    fall = max(length // 10, 1)
    rise = length - fall
    up = [2 * i + 1 for i in range(rise)]
    down = [2 * i + 1 for i in reversed(range(fall))]
    parts = [1024 * u * (4 * rise - u) // (4 * rise * rise) for u in up]
    parts += [1024 * u * (4 * fall - u) // (4 * fall * fall) for u in down]
    return np.array(parts, np.int64)


def levinson_in_python(r: list[float]) -> list[float]:
    """Return AR coefficients of autocorrelations r, by one float operation after the other.

    The recursion of ``models.linear.linear_prediction.levinson``; here the order of operations is
    part of the file format.
    """
    phi: list[float] = []
    error = r[0]
    for m in range(1, len(r)):
        product = 0.0
        for j in range(m - 1):
            product += phi[j] * r[m - 1 - j]
        k = (r[m] - product) / error
        phi = [phi[j] - k * phi[m - 2 - j] for j in range(m - 1)] + [k]
        error *= 1.0 - k * k
    return phi


def falling_exp(z: float) -> float:
    """Return exp(-z) for z >= 0 to 12 digits: 2^-y = 2^-n 2^-f, and a series for 2^-f.

    Only +, -, * and scaling by a power of two, so the same everywhere, as `math.exp` need not be.
    """
    y = z * 1.4426950408889634
    if y > 1000.0:
        return 0.0
    n = int(y)
    g = -0.6931471805599453 * (y - n)
    total = 1.0
    for k in range(13, 0, -1):
        total = 1.0 + g / k * total
    return math.ldexp(total, -n)


# ------------------------------------------------------------------ what networks are made of

WEIGHT, ACTIVATION = 2**13, 2**14
"""Weights and activations are multiples of 1 / WEIGHT and 1 / ACTIVATION; sums, of both at once."""

LARGEST = 2**8
"""Activations beyond it, either way, are cut off."""

_STEPS = 2**10  # entries of the table of tanh for a change of 1 in its argument
_LOGISTIC = 2**15


def whole_weights(array: Float[np.ndarray, "*shape"], unit: int = WEIGHT) -> np.ndarray:
    """Return weights as whole multiples of 1 / unit, in float64."""
    return np.rint(np.asarray(array, np.float64) * unit)


def check_exact(matrix: Float[np.ndarray, "inputs outputs"], largest: float) -> np.ndarray:
    """Return a matrix of whole numbers, if no sum of its products can reach 2^53.

    Raises
    ------
    ValueError
        For weights so large that a sum might be rounded.
    """
    reach = float(np.abs(matrix).sum(axis=0).max()) * largest
    if reach >= 2**53:
        raise ValueError(f"need weights whose sums stay below 2^53, got up to {reach:.3g}")
    return np.ascontiguousarray(matrix)


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Return 1 / (1 + exp(-i / 1024)) in units of 2^-15, to i = 16384, and tanh likewise."""
    logistic = logistic_table(16 * _STEPS, steps=_STEPS, unit=_LOGISTIC).astype(np.float64)
    twice = logistic_table(16 * _STEPS, steps=_STEPS // 2, unit=_LOGISTIC).astype(np.float64)
    return logistic, 2 * twice - _LOGISTIC  # tanh(a) = 2 s(2 a) - 1


def tanh(sums: Float[np.ndarray, "units"]) -> Float[np.ndarray, "units"]:
    """Return tanh of sums, in units of 2^-15."""
    index = np.rint(sums * (_STEPS / (WEIGHT * ACTIVATION)))
    table = _tables()[1]
    return np.copysign(table[np.minimum(np.abs(index), len(table) - 1).astype(np.int64)], index)


def logistic(sums: Float[np.ndarray, "units"]) -> Float[np.ndarray, "units"]:
    """Return 1 / (1 + exp(-sum)), in units of 2^-15."""
    index = np.rint(sums * (_STEPS / (WEIGHT * ACTIVATION)))
    table = _tables()[0]
    half = table[np.minimum(np.abs(index), len(table) - 1).astype(np.int64)]
    return np.where(index < 0, _LOGISTIC - half, half)


def activation(sums: Float[np.ndarray, "units"]) -> Float[np.ndarray, "units"]:
    """Round sums to activations, and cut them off at LARGEST."""
    limit = float(LARGEST * ACTIVATION)
    return np.clip(np.rint(sums / WEIGHT), -limit, limit)
