"""What a hidden state shows: a symbol, a frame from one Gaussian, or a frame from a mixture.

Each kind answers the same four questions: the density of every datum in every state, its own
likeliest version where the states are known in part, draws, and a check of the data.
``Gaussians`` of `gaussians` is the second kind, through ``GaussianEmissions``.
Notebook: 06.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr

from course_lib.core import check_codes, settle
from course_lib.kernels import states as kernels
from course_lib.models.states.gaussians import FEWEST, Gaussians, check_frames
from course_lib.models.states.gmm import check_distributions


@runtime_checkable
class Emissions(Protocol):
    """What the states of a hidden Markov model show."""

    @property
    def states(self) -> int:
        """The number of states."""

    @property
    def free_parameters(self) -> int:
        """How many numbers they are free to choose."""

    def check(self, x: Any) -> np.ndarray:
        """Return one sequence of data, or say what is wrong with it."""

    def log_densities(self, x: Any) -> Float[np.ndarray, "time states"]:
        """Return log p(x_t | state) in nats."""

    def fitted(
        self, x: Any, weights: Float[np.ndarray, "time states"], *, floor: float
    ) -> Emissions:
        """Return the likelier version, where datum t counts weights[t, j] times for state j."""

    def draw(self, path: Int[np.ndarray, "time"], rng: np.random.Generator) -> np.ndarray:
        """Draw a datum for each state of a path."""


@dataclass(frozen=True, eq=False)
class CategoricalEmissions:
    """Symbols 0 .. symbols - 1, each state with probabilities of its own.

    Parameters
    ----------
    probabilities : (states, symbols), each row summing to one

    Raises
    ------
    TypeError, ValueError
        For another shape, negative numbers, or rows with another sum.
    """

    probabilities: Float[np.ndarray, "states symbols"]

    def __post_init__(self) -> None:
        shape = np.shape(self.probabilities)
        if len(shape) != 2 or 0 in shape:
            raise ValueError(f"need probabilities of shape (states, symbols), got {shape}")
        settle(
            self,
            probabilities=check_distributions(self.probabilities, "probabilities", shape),
        )

    @property
    def states(self) -> int:
        """The number of states."""
        return len(self.probabilities)

    @property
    def free_parameters(self) -> int:
        """How many numbers they are free to choose; each row sums to one."""
        return self.probabilities.size - self.states

    def check(self, x: Any) -> Int[np.ndarray, "time"]:
        """Return symbols as int64, or say what is wrong with them."""
        return check_codes(x, self.probabilities.shape[1], name="symbols")

    def log_densities(self, x: Any) -> Float[np.ndarray, "time states"]:
        """Return log P(symbol | state), minus infinity where it cannot be."""
        with np.errstate(divide="ignore"):
            logs = np.log(self.probabilities.T)
        return np.ascontiguousarray(logs[self.check(x)])

    def fitted(
        self, x: Any, weights: Float[np.ndarray, "time states"], *, floor: float
    ) -> CategoricalEmissions:
        """Return the shares of the symbols, sum_t w[t, j] [x_t = c] / sum_t w[t, j].

        A state that nothing counts for stays as it was; `floor` is for variances, not for these.
        """
        symbols = self.check(x)
        counts = np.zeros(self.probabilities.shape)
        np.add.at(counts.T, symbols, weights)
        return CategoricalEmissions(shares(counts, self.probabilities))

    def draw(
        self, path: Int[np.ndarray, "time"], rng: np.random.Generator
    ) -> Int[np.ndarray, "time"]:
        """Draw a symbol for each state of a path."""
        edges = np.cumsum(self.probabilities, axis=1)[:, :-1]
        return (rng.random(len(path))[:, None] >= edges[path]).sum(axis=1)


@dataclass(frozen=True, eq=False)
class GaussianEmissions:
    """Frames, each state with a Gaussian of its own.

    Parameters
    ----------
    gaussians : one a state
    """

    gaussians: Gaussians

    @property
    def states(self) -> int:
        """The number of states."""
        return len(self.gaussians)

    @property
    def free_parameters(self) -> int:
        """How many numbers they are free to choose."""
        return self.gaussians.free_parameters

    def check(self, x: Any) -> Float[np.ndarray, "time dims"]:
        """Return frames as float64, or say what is wrong with them."""
        return check_frames(x, self.gaussians.dims)

    def log_densities(self, x: Any) -> Float[np.ndarray, "time states"]:
        """Return log N(x_t; mu_j, C_j)."""
        return self.gaussians.log_densities(x)

    def fitted(
        self, x: Any, weights: Float[np.ndarray, "time states"], *, floor: float
    ) -> GaussianEmissions:
        """Return weighted means and covariances, as ``Gaussians.fitted``."""
        return GaussianEmissions(self.gaussians.fitted(x, weights, floor=floor))

    def draw(
        self, path: Int[np.ndarray, "time"], rng: np.random.Generator
    ) -> Float[np.ndarray, "time dims"]:
        """Draw a frame for each state of a path."""
        normals = rng.standard_normal((len(path), self.gaussians.dims))
        return self.gaussians.placed(path, normals)


@dataclass(frozen=True, eq=False)
class MixtureEmissions:
    """Frames, each state with a mixture of Gaussians of its own.

    Parameters
    ----------
    weights : w, (states, components), each row summing to one
    gaussians : states x components of them, state by state

    Raises
    ------
    TypeError, ValueError
        For weights that do not sum to one, or do not go with the Gaussians.
    """

    weights: Float[np.ndarray, "states components"]
    gaussians: Gaussians

    def __post_init__(self) -> None:
        shape = np.shape(self.weights)
        if len(shape) != 2 or shape[0] * shape[1] != len(self.gaussians):
            raise ValueError(
                f"need weights of shape (states, components) for {len(self.gaussians)} Gaussians, "
                f"got {shape}"
            )
        settle(self, weights=check_distributions(self.weights, "weights", shape))

    @property
    def states(self) -> int:
        """The number of states."""
        return len(self.weights)

    @property
    def free_parameters(self) -> int:
        """How many numbers they are free to choose; each row of weights sums to one."""
        return self.weights.size - self.states + self.gaussians.free_parameters

    def check(self, x: Any) -> Float[np.ndarray, "time dims"]:
        """Return frames as float64, or say what is wrong with them."""
        return check_frames(x, self.gaussians.dims)

    def log_densities(self, x: Any) -> Float[np.ndarray, "time states"]:
        """Return log sum_m w[j, m] N(x_t; mu_jm, C_jm)."""
        return np.logaddexp.reduce(self._log_joint(x), axis=2)

    def fitted(
        self, x: Any, weights: Float[np.ndarray, "time states"], *, floor: float
    ) -> MixtureEmissions:
        """Return the mixtures after one step of EM: each state's share is split by Bayes' rule."""
        split = self._log_joint(x).reshape(-1, self.weights.shape[1])
        kernels.normalise_rows(split)
        split = (split.reshape(len(weights), *self.weights.shape) * weights[:, :, None]).reshape(
            len(weights), -1
        )
        counts = split.sum(axis=0).reshape(self.weights.shape)
        return MixtureEmissions(
            shares(counts, self.weights), self.gaussians.fitted(x, split, floor=floor)
        )

    def draw(
        self, path: Int[np.ndarray, "time"], rng: np.random.Generator
    ) -> Float[np.ndarray, "time dims"]:
        """Draw a component, then a frame, for each state of a path."""
        normals = rng.standard_normal((len(path), self.gaussians.dims + 1))
        edges = np.cumsum(self.weights, axis=1)[:, :-1]
        which = (ndtr(normals[:, :1]) >= edges[path]).sum(axis=1)
        return self.gaussians.placed(path * self.weights.shape[1] + which, normals[:, 1:])

    def _log_joint(self, x: Any) -> Float[np.ndarray, "time states components"]:
        logs = self.gaussians.log_densities(x)
        with np.errstate(divide="ignore"):  # a weight of 0 is a logarithm of minus infinity
            return logs.reshape(len(logs), *self.weights.shape) + np.log(self.weights)


def shares(
    counts: Float[np.ndarray, "rows columns"], before: Float[np.ndarray, "rows columns"]
) -> Float[np.ndarray, "rows columns"]:
    """Return rows of counts as shares; a row that counts nothing keeps its shares from before."""
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > FEWEST, counts / np.where(total > FEWEST, total, 1), before)
