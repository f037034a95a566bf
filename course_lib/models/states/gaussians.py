"""Several Gaussians over one space, with four shapes of covariance: what mixtures are made of.

    log N(x; mu_k, C_k) = -1/2 (D ln 2 pi + ln |C_k| + (x - mu_k)^T C_k^-1 (x - mu_k))

They are the components of a ``GaussianMixture`` and what the states of a hidden Markov model
emit. Notebook: 06.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import scipy.linalg
from jaxtyping import Float, Int

from course_lib.core import check_values, settle, shown
from course_lib.kernels import states as kernels

Covariance = Literal["full", "tied", "diagonal", "spherical"]

FEWEST = 1e-10
"""Frames that a component must be responsible for, all told, to be moved: below lies rounding."""


@dataclass(frozen=True, eq=False)
class Gaussians:
    """K Gaussians in D dimensions.

    A variance of zero makes points: they can be drawn, and have no density.

    Parameters
    ----------
    means : mu, (components, dims)
    covariances : C; shape (components, dims, dims) if full, (dims, dims) if tied, that is, one
        for all, (components, dims) if diagonal, (components,) if spherical
    covariance : which of the four

    Raises
    ------
    TypeError, ValueError
        For numbers that are not finite, shapes that do not go together, a negative variance, or
        a matrix that is not symmetric and positive semi-definite.
    """

    means: Float[np.ndarray, "components dims"]
    covariances: Float[np.ndarray, "*shape"]
    covariance: Covariance = "diagonal"

    def __post_init__(self) -> None:
        if self.covariance not in get_args(Covariance):
            raise ValueError(
                f"need a covariance out of {', '.join(get_args(Covariance))}, "
                f"got {self.covariance!r}"
            )
        means = check_values(self.means, "means", shape=("components", "dims")).copy()
        covariances = check_values(self.covariances, "covariances").copy()
        (count, dims), kind = means.shape, self.covariance
        wanted = {
            "full": (count, dims, dims),
            "tied": (dims, dims),
            "diagonal": (count, dims),
            "spherical": (count,),
        }[kind]
        if covariances.shape != wanted:
            raise ValueError(
                f"need {kind} covariances of shape {wanted} for means of shape {means.shape}, "
                f"got {covariances.shape}"
            )
        if kind in ("full", "tied"):
            _check_matrices(covariances)
        elif (covariances < 0).any():
            raise ValueError(f"need variances of 0 or more, got {shown(covariances.min(), 0)}")
        means.setflags(write=False)
        covariances.setflags(write=False)
        settle(self, means=means, covariances=covariances)

    @classmethod
    def around(
        cls,
        centres: Float[np.ndarray, "components dims"],
        x: Float[np.ndarray, "frames dims"],
        covariance: Covariance,
        *,
        floor: float,
    ) -> Gaussians:
        """Return Gaussians at these centres, each as wide along every axis as all the frames."""
        spread = np.maximum(x.var(axis=0), floor)
        blocks: dict[str, Callable[[], np.ndarray]] = {  # a full one of many values is huge
            "full": lambda: np.tile(np.diag(spread), (len(centres), 1, 1)),
            "tied": lambda: np.diag(spread),
            "diagonal": lambda: np.tile(spread, (len(centres), 1)),
            "spherical": lambda: np.full(len(centres), spread.mean()),
        }
        return cls(centres, blocks.get(covariance, lambda: spread)(), covariance)

    def __len__(self) -> int:
        return len(self.means)

    def __repr__(self) -> str:
        return f"Gaussians({len(self)} in {self.dims} dimensions, {self.covariance} covariances)"

    @property
    def dims(self) -> int:
        """The number of values in one frame, D."""
        return self.means.shape[1]

    @property
    def free_parameters(self) -> int:
        """How many numbers the means and covariances are free to choose."""
        triangle = self.dims * (self.dims + 1) // 2
        each = {"full": len(self) * triangle, "tied": triangle}
        return self.means.size + each.get(self.covariance, self.covariances.size)

    def matrices(self) -> Float[np.ndarray, "components dims dims"]:
        """Return every covariance as a matrix."""
        shape = (len(self), self.dims, self.dims)
        if self.covariance in ("full", "tied"):
            return np.broadcast_to(self.covariances, shape).copy()
        return self._variances()[:, :, None] * np.eye(self.dims)

    def log_densities(self, x: Any) -> Float[np.ndarray, "frames components"]:
        """Return log N(x_t; mu_k, C_k) of every frame under every Gaussian.

        Raises
        ------
        TypeError, ValueError
            For frames of another number of values, or a covariance that has no inverse.
        """
        x = check_frames(x, self.dims)
        if self.covariance in ("diagonal", "spherical"):
            variances = self._variances()
            if not (variances > 0).all():
                raise ValueError(NO_DENSITY)
            constants = -0.5 * np.log(2 * math.pi * variances).sum(axis=1)
            half = np.ascontiguousarray(0.5 / variances.T)
            turned = np.ascontiguousarray(self.means.T)
            return kernels.diagonal_log_densities(x, turned, half, constants)
        return matrix_log_densities(x, self.means, self.matrices())

    def placed(
        self, which: Int[np.ndarray, "frames"], normals: Float[np.ndarray, "frames dims"]
    ) -> Float[np.ndarray, "frames dims"]:
        """Return mu_k + C_k^(1/2) n: standard normal numbers moved to the Gaussians named."""
        if self.covariance in ("diagonal", "spherical"):
            return self.means[which] + normals * np.sqrt(self._variances())[which]
        roots = np.stack([_root(matrix) for matrix in self.matrices()])
        return self.means[which] + np.einsum("tij,tj->ti", roots[which], normals)

    def fitted(
        self, x: Any, weights: Float[np.ndarray, "frames components"], *, floor: float
    ) -> Gaussians:
        """Return the likeliest Gaussians of this shape, where frame t counts w[t, k] times for k.

        mu_k = sum_t w[t, k] x_t / n_k and C_k = sum_t w[t, k] (x_t - mu_k)(x_t - mu_k)^T / n_k
        with n_k = sum_t w[t, k]. Of a tied covariance it is the mean over all frames, of a
        diagonal one the diagonal, of a spherical one the mean of the diagonal. Eigenvalues below
        `floor` are raised to it, which is the likeliest covariance that has none below.
        A Gaussian that no frame wants (n_k below 1e-10) stays as it was.

        Raises
        ------
        TypeError, ValueError
            For frames of another number of values.
        """
        x = check_frames(x, self.dims)
        centres = np.ascontiguousarray(self.means.T)
        counts, first, second = kernels.weighted_moments(weights, x, centres)
        wanted = counts > FEWEST
        n = np.where(wanted, counts, 1.0)
        step = np.where(wanted, first / n, 0.0).T  # how far each mean moves
        means = self.means + step
        if self.covariance in ("diagonal", "spherical"):
            variances = np.maximum((second / n).T - step**2, 0)
            if self.covariance == "spherical":
                variances = variances.mean(axis=1)
            new = np.maximum(variances, floor)
            keep = wanted if new.ndim == 1 else wanted[:, None]
            return Gaussians(means, np.where(keep, new, self.covariances), self.covariance)
        scatter = np.stack([_scatter(x - m, w) for m, w in zip(means, weights.T, strict=True)])
        if self.covariance == "tied":
            total = scatter[wanted].sum(axis=0) / max(counts[wanted].sum(), FEWEST)
            return Gaussians(means, raised(total, floor), "tied")
        new = np.stack([raised(s / c, floor) for s, c in zip(scatter, n, strict=True)])
        return Gaussians(means, np.where(wanted[:, None, None], new, self.covariances), "full")

    def _variances(self) -> Float[np.ndarray, "components dims"]:
        wide = self.covariances if self.covariance == "diagonal" else self.covariances[:, None]
        return np.broadcast_to(wide, self.means.shape)


NO_DENSITY = (
    "need variances above 0 for a density, got a component without spread: it is a point; "
    "fit with a floor above 0"
)


def matrix_log_densities(
    x: Float[np.ndarray, "frames dims"],
    means: Float[np.ndarray, "components dims"],
    matrices: Float[np.ndarray, "components dims dims"],
) -> Float[np.ndarray, "frames components"]:
    """Return log N(x_t; mu_k, C_k) by Cholesky's C = L L^T: |y|^2 with L y = x - mu, and |L|.

    Raises
    ------
    ValueError
        For a covariance that is singular.
    """
    result = np.empty((len(x), len(means)))
    for k, (mean, matrix) in enumerate(zip(means, matrices, strict=True)):
        try:
            lower = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            raise ValueError(NO_DENSITY) from None
        y = scipy.linalg.solve_triangular(lower, (x - mean).T, lower=True)
        log_root = np.log(2 * math.pi) / 2 * len(mean) + np.log(np.diag(lower)).sum()
        result[:, k] = -0.5 * (y**2).sum(axis=0) - log_root
    return result


def diagonal_log_densities_by_hand(
    x: Float[np.ndarray, "frames dims"],
    means: Float[np.ndarray, "components dims"],
    variances: Float[np.ndarray, "components dims"],
) -> Float[np.ndarray, "frames components"]:
    """Return log N(x_t; mu_k, diag v_k), term by term (twin of ``diagonal_log_densities``).

    -1/2 sum_d (ln 2 pi v[k, d] + (x[t, d] - mu[k, d])^2 / v[k, d]). Notebook: 06.
    """
    square = (x[:, None] - means) ** 2 / variances  # (frames, components, dims)
    return -0.5 * (np.log(2 * math.pi * variances) + square).sum(axis=2)


def normalised_by_hand(
    logs: Float[np.ndarray, "frames components"],
) -> tuple[Float[np.ndarray, "frames components"], float]:
    """Return the softmax of each row and the sum of log sum_k exp (twin of ``normalise_rows``).

    The largest of a row is taken out before the exponential, and put back after the logarithm:
    exp(-800) is zero in a computer, and so is a sum of such. Notebook: 06.
    """
    top = logs.max(axis=1, keepdims=True)
    shares = np.exp(logs - top)
    mass = shares.sum(axis=1, keepdims=True)
    return shares / mass, float((top + np.log(mass)).sum())


def weighted_moments_by_hand(
    weights: Float[np.ndarray, "frames components"],
    x: Float[np.ndarray, "frames dims"],
    centres: Float[np.ndarray, "components dims"],
) -> tuple[
    Float[np.ndarray, "components"],
    Float[np.ndarray, "components dims"],
    Float[np.ndarray, "components dims"],
]:
    """Return sum_t w (x - c)^p for p = 0, 1, 2 (twin of ``weighted_moments``, turned round)."""
    difference = x[:, None] - centres
    first = (weights[:, :, None] * difference).sum(axis=0)
    second = (weights[:, :, None] * difference**2).sum(axis=0)
    return weights.sum(axis=0), first, second


def raised(matrix: Float[np.ndarray, "dims dims"], floor: float) -> Float[np.ndarray, "dims dims"]:
    """Return a covariance with its eigenvalues below `floor` raised to it."""
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= floor:
        return (matrix + matrix.T) / 2
    new = (vectors * np.maximum(values, floor)) @ vectors.T
    return (new + new.T) / 2


def check_frames(x: Any, dims: int | None = None) -> Float[np.ndarray, "frames dims"]:
    """Return frames as a float64 array of shape (frames, dims), or say what is wrong.

    Raises
    ------
    TypeError, ValueError
        For no frames, another number of axes or values, or numbers that are not finite.
    """
    frames = check_values(x, "frames", shape=("frames", "dims"), squared=True)
    if dims is not None and frames.shape[1] != dims:
        raise ValueError(
            f"need frames of {dims} values, as the model has, got frames of {frames.shape[1]}"
        )
    return frames


def _scatter(
    difference: Float[np.ndarray, "frames dims"], weights: Float[np.ndarray, "frames"]
) -> Float[np.ndarray, "dims dims"]:
    return (difference * weights[:, None]).T @ difference


def _root(matrix: Float[np.ndarray, "dims dims"]) -> Float[np.ndarray, "dims dims"]:
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.maximum(values, 0))


def _check_matrices(matrices: np.ndarray) -> None:
    """Refuse what is not symmetric, or has a negative eigenvalue."""
    largest = np.abs(matrices).max()
    if np.abs(matrices - np.swapaxes(matrices, -1, -2)).max() > 1e-8 * largest:
        raise ValueError("need symmetric covariances; take (C + C.T) / 2 if they nearly are")
    least = float(np.linalg.eigvalsh(matrices).min())
    if least < -1e-8 * largest:
        raise ValueError(f"need covariances without negative eigenvalues, got {shown(least, 0)}")
