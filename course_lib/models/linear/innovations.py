"""What a predictor cannot predict: the distributions of the innovation e[t].

Each has mean 0 and variance 1; a model scales it. They differ in their tails: speech is mostly
quiet with sudden large errors (one at each closing of the vocal folds), which a Laplace or a
Student-t density expects and a Gaussian calls impossible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import scipy.optimize
import scipy.special
from jaxtyping import Float

from course_lib.core import check_number, check_signal, settle

InnovationName = Literal["gaussian", "laplace", "student-t"]


@runtime_checkable
class Innovation(Protocol):
    """A density of mean 0 and variance 1 that can be evaluated and drawn from."""

    def log_density(self, u: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Return log p(u), in nats."""

    def draw(self, rng: np.random.Generator, length: int) -> Float[np.ndarray, "length"]:
        """Draw independent values; the first do not depend on `length`."""


@dataclass(frozen=True)
class Gaussian:
    """p(u) = exp(-u^2 / 2) / sqrt(2 pi)."""

    def log_density(self, u: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Return log p(u), in nats."""
        return -0.5 * u**2 - 0.5 * math.log(2 * math.pi)

    def draw(self, rng: np.random.Generator, length: int) -> Float[np.ndarray, "length"]:
        """Draw independent values; the first do not depend on `length`."""
        return rng.standard_normal(length)


@dataclass(frozen=True)
class Laplace:
    """p(u) = exp(-sqrt(2) |u|) / sqrt(2): a sharp peak, and tails that fall off slowly."""

    def log_density(self, u: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Return log p(u), in nats."""
        return -math.sqrt(2) * np.abs(u) - 0.5 * math.log(2)

    def draw(self, rng: np.random.Generator, length: int) -> Float[np.ndarray, "length"]:
        """Draw independent values; the first do not depend on `length`."""
        return rng.laplace(scale=math.sqrt(0.5), size=length)


@dataclass(frozen=True)
class StudentT:
    """Student's t, scaled to variance 1: tails that fall off like a power.

    p(u) = Gamma((nu + 1) / 2) / (Gamma(nu / 2) sqrt(pi (nu - 2)))
    (1 + u^2 / (nu - 2))^(-(nu + 1) / 2)

    Attributes
    ----------
    degrees : nu, degrees of freedom, above 2 (at 2 and below, the variance is infinite)
    """

    degrees: float

    def __post_init__(self) -> None:
        settle(self, degrees=check_number(self.degrees, "degrees", above=2))

    def log_density(self, u: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Return log p(u), in nats."""
        nu = self.degrees
        constant = (
            scipy.special.gammaln((nu + 1) / 2)
            - scipy.special.gammaln(nu / 2)
            - 0.5 * math.log(math.pi * (nu - 2))
        )
        return constant - (nu + 1) / 2 * np.log1p(u**2 / (nu - 2))

    def draw(self, rng: np.random.Generator, length: int) -> Float[np.ndarray, "length"]:
        """Draw independent values; the first do not depend on `length`."""
        return math.sqrt((self.degrees - 2) / self.degrees) * rng.standard_t(self.degrees, length)


DEGREES = (2.1, 200.0)
"""The degrees of freedom that are tried: from barely a variance to all but Gaussian."""


def fit_innovation(errors: Any, name: InnovationName) -> tuple[Innovation, float]:
    """Return the distribution and variance under which the prediction errors are likeliest.

    Gaussian: variance = mean e^2. Laplace: variance = 2 (mean |e|)^2. Student-t: both degrees
    and variance by numerical maximisation, with 2.1 <= degrees <= 200.

    Parameters
    ----------
    errors : (time,), prediction errors
    name : "gaussian", "laplace" or "student-t"

    Raises
    ------
    TypeError, ValueError
        For bad errors, or another name.
    """
    errors = check_signal(errors, name="errors", squared=True)
    if name == "gaussian":
        return Gaussian(), float(np.mean(errors**2))
    if name == "laplace":
        return Laplace(), 2 * float(np.mean(np.abs(errors))) ** 2
    if name == "student-t":
        return _fit_student_t(errors)
    raise ValueError(f'need innovation "gaussian", "laplace" or "student-t", got {name!r}')


def _fit_student_t(errors: np.ndarray) -> tuple[StudentT, float]:
    power = float(np.mean(errors**2))
    if power == 0:
        return StudentT(DEGREES[1]), 0.0

    errors = errors / math.sqrt(power)  # so that the search goes the same way at any loudness

    def mean_code_length(parameters: np.ndarray) -> float:
        log_degrees, log_variance = parameters
        density = StudentT(math.exp(log_degrees)).log_density(errors * math.exp(-log_variance / 2))
        return 0.5 * log_variance - float(np.mean(density))

    start = np.log([[4.0, 1.0], [8.0, 1.0], [4.0, 1.6]])
    found = scipy.optimize.minimize(
        mean_code_length,
        start[0],
        method="Nelder-Mead",
        bounds=[np.log(DEGREES), (-20, 20)],
        options={"initial_simplex": start, "xatol": 1e-6, "fatol": 1e-10},
    )
    degrees, variance = np.exp(found.x)
    return StudentT(float(degrees)), float(variance) * power
