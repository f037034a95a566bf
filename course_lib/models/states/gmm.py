"""Mixtures of Gaussians: a crowd of frames as a few round or oval clouds.

    p(x) = sum_k w_k N(x; mu_k, C_k)

Which cloud a frame came from is not seen; expectation-maximisation guesses it and counts.
Notebook: 06.

References
----------
Dempster, Laird and Rubin (1977), "Maximum likelihood from incomplete data via the EM algorithm",
J. Royal Statistical Society B 39(1). Bishop (2006), Pattern Recognition and Machine Learning,
sections 2.3.9 and 9.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr

from course_lib.core import (
    Likelihood,
    check_count,
    check_generator,
    check_number,
    check_values,
    settle,
    shown,
    spawn,
)
from course_lib.kernels import states as kernels
from course_lib.models.states.gaussians import Covariance, Gaussians, check_frames


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Frames drawn independently from p(x) = sum_k w_k N(x; mu_k, C_k).

    Parameters
    ----------
    weights : w, (components,), 0 or more, summing to one
    gaussians : the components

    Raises
    ------
    TypeError, ValueError
        For weights that are not one a component, are negative, or do not sum to one.
    """

    weights: Float[np.ndarray, "components"]
    gaussians: Gaussians

    def __post_init__(self) -> None:
        weights = check_distributions(self.weights, "weights", (len(self.gaussians),))
        settle(self, weights=weights)

    def __repr__(self) -> str:
        return f"GaussianMixture({len(self.weights)} components of {self.gaussians})"

    @classmethod
    def fit(
        cls,
        x: Any,
        components: int,
        *,
        covariance: Covariance = "diagonal",
        floor: float = 1e-6,
        tolerance: float = 1e-3,
        steps: int = 100,
        rng: np.random.Generator,
    ) -> GaussianMixture:
        """Fit by expectation-maximisation from a k-means++ start.

        It ends where a step wins less than `tolerance` nats a frame, or after `steps` of them.

        Parameters
        ----------
        x : frames, (frames, dims), at least as many as components
        components : K
        covariance : "full", "tied", "diagonal" or "spherical"
        floor : the least variance in any direction, above 0, in the frames' units squared
        rng : for the start

        Raises
        ------
        TypeError, ValueError
            For bad frames or settings, or more components than frames.
        """
        x = check_frames(x)
        start = mixture_start(x, components, covariance=covariance, floor=floor, rng=rng)
        return last_step(
            expectation_maximisation(start, x, floor=floor),
            tolerance=check_number(tolerance, "tolerance", minimum=0) * len(x),
            steps=check_count(steps, "steps"),
        )

    @property
    def free_parameters(self) -> int:
        """How many numbers the model is free to choose; the weights sum to one."""
        return len(self.weights) - 1 + self.gaussians.free_parameters

    def log_densities(self, x: Any) -> Float[np.ndarray, "frames"]:
        """Return log p(x_t) of each frame, in nats.

        Raises
        ------
        TypeError, ValueError
            As ``Gaussians.log_densities``.
        """
        return np.logaddexp.reduce(self._log_joint(x), axis=1)

    def log_likelihood(self, x: Any) -> Likelihood:
        """Return sum_t log p(x_t): frames are independent.

        Raises
        ------
        TypeError, ValueError
            As ``Gaussians.log_densities``, or where a frame is so far away that float64 has no
            density for it.
        """
        return Likelihood(self._expectation(x)[1])

    def responsibilities(self, x: Any) -> Float[np.ndarray, "frames components"]:
        """Return how likely each component is to have made each frame.

        r[t, k] = w_k N(x_t; mu_k, C_k) / p(x_t), Bayes' rule.

        Raises
        ------
        TypeError, ValueError
            As ``log_likelihood``.
        """
        return self._expectation(x)[0]

    def bic(self, x: Any) -> float:
        """Return Schwarz's criterion, -2 log p(x) + free_parameters ln(frames); small is good.

        Raises
        ------
        TypeError, ValueError
            As ``log_likelihood``.

        References
        ----------
        Schwarz (1978), "Estimating the dimension of a model", Annals of Statistics 6(2).
        """
        nats = self.log_likelihood(x).nats
        return -2 * nats + self.free_parameters * math.log(len(check_frames(x)))

    def sample(
        self, length: int, *, count: int = 1, rng: np.random.Generator
    ) -> Float[np.ndarray, "count length dims"]:
        """Draw `count` sequences of `length` frames, each frame by itself."""
        shape = (check_count(length, "length"), self.gaussians.dims + 1)
        children = spawn(rng, count)
        return np.stack([self.from_normals(child.standard_normal(shape)) for child in children])

    def from_normals(
        self, normals: Float[np.ndarray, "frames dims_plus_1"]
    ) -> Float[np.ndarray, "frames dims"]:
        """Turn standard normal numbers into frames: the first picks a component, the rest spread.

        Phi(n) is uniform on [0, 1], and falls into the k-th of intervals as long as the weights.
        """
        edges = np.cumsum(self.weights)[:-1]
        which = np.searchsorted(edges, ndtr(normals[:, 0]), side="right")
        return self.gaussians.placed(which, normals[:, 1:])

    def conditional(self, known: Any) -> GaussianMixture:
        """Return the density of a frame's last values, given its first.

        With x = (a, b), and C_k cut into blocks likewise, component k goes to weight
        w_k N(a; mu_a, C_aa) / p(a), mean mu_b + C_ba C_aa^-1 (a - mu_a) and covariance
        C_bb - C_ba C_aa^-1 C_ab. Of a mixture over pairs of frames it predicts the next frame
        from this one.

        Parameters
        ----------
        known : a, (values,), fewer than the model has

        Raises
        ------
        TypeError, ValueError
            For too many values, or a C_aa that has no inverse.

        References
        ----------
        Bishop (2006), eq. 2.81-2.82, for one Gaussian. Notebook: 06.
        """
        a = check_values(known, "known values", shape=("values",))
        size, dims = len(a), self.gaussians.dims
        if size >= dims:
            raise ValueError(f"need fewer than {dims} known values, got {size}; none is left")
        matrices, means = self.gaussians.matrices(), self.gaussians.means
        seen = GaussianMixture(
            self.weights, Gaussians(means[:, :size], matrices[:, :size, :size], "full")
        )
        weights = seen.responsibilities(a[None])[0]
        gain = np.linalg.solve(matrices[:, :size, :size], matrices[:, :size, size:])
        gain = np.swapaxes(gain, 1, 2)  # C_ba C_aa^-1
        new = means[:, size:] + np.einsum("kij,kj->ki", gain, a - means[:, :size])
        left = matrices[:, size:, size:] - gain @ matrices[:, :size, size:]
        left = (left + np.swapaxes(left, 1, 2)) / 2
        return GaussianMixture(weights, Gaussians(new, left, "full"))

    def mean(self) -> Float[np.ndarray, "dims"]:
        """Return the mean of a frame, sum_k w_k mu_k."""
        return self.weights @ self.gaussians.means

    def _log_joint(self, x: Any) -> Float[np.ndarray, "frames components"]:
        with np.errstate(divide="ignore"):  # a weight of 0 is a logarithm of minus infinity
            return self.gaussians.log_densities(x) + np.log(self.weights)

    def _expectation(self, x: Any) -> tuple[Float[np.ndarray, "frames components"], float]:
        """Return the responsibilities and the log-likelihood."""
        shares = self._log_joint(x)
        nats = float(kernels.normalise_rows(shares))
        if not math.isfinite(nats):
            raise ValueError(
                "need frames to which the model gives a density, got one so far away that its "
                "logarithm is minus infinity; scale the frames as those that were fitted"
            )
        return shares, nats


class EMStep(NamedTuple):
    """A model on the way, and the log-likelihood of the data under it, in nats."""

    model: Any
    nats: float


def expectation_maximisation(
    start: GaussianMixture, x: Any, *, floor: float = 1e-6
) -> Iterator[EMStep]:
    """Yield the start, then ever likelier mixtures, without end.

    E: r[t, k] = w_k N(x_t; mu_k, C_k) / p(x_t). M: w_k = sum_t r[t, k] / T, and means and
    covariances as in ``Gaussians.fitted``. No step makes the frames less likely, if the
    start's variances are not below `floor`.

    Raises
    ------
    TypeError, ValueError
        For bad frames or a floor of 0 or less.

    References
    ----------
    Bishop (2006), eq. 9.23-9.28. Notebook: 06.
    """
    x = check_frames(x, start.gaussians.dims)
    floor = check_number(floor, "floor", above=0)
    model = start
    while True:
        shares, nats = model._expectation(x)
        yield EMStep(model, nats)
        weights = shares.sum(axis=0) / len(x)
        model = GaussianMixture(weights, model.gaussians.fitted(x, shares, floor=floor))


def last_step(path: Iterator[EMStep], *, tolerance: float, steps: int) -> Any:
    """Return the model after `steps` steps, or the first that won less than `tolerance` nats."""
    before = next(path)
    for _ in range(steps):
        now = next(path)
        if now.nats - before.nats < tolerance:
            return now.model
        before = now
    return before.model


def mixture_start(
    x: Any,
    components: int,
    *,
    covariance: Covariance = "diagonal",
    floor: float = 1e-6,
    rng: np.random.Generator,
) -> GaussianMixture:
    """Return a mixture to start from: frames near one of K spread centres share a component.

    Raises
    ------
    TypeError, ValueError
        As ``GaussianMixture.fit``.
    """
    x = check_frames(x)
    floor = check_number(floor, "floor", above=0)
    components = check_count(components, "components")
    if len(x) < components:
        raise ValueError(
            f"need at least as many frames as components, {components}, got {len(x)}; "
            "take fewer components or more frames"
        )
    centres = spread_centres(x, components, rng=rng)
    shares = np.eye(components)[nearest_centre(x, centres)]
    # Where frames coincide a centre may be nobody's nearest: it stays, as wide as all frames.
    begin = Gaussians.around(centres, x, covariance, floor=floor)
    return GaussianMixture(shares.mean(axis=0), begin.fitted(x, shares, floor=floor))


def nearest_centre(
    x: Float[np.ndarray, "frames dims"], centres: Float[np.ndarray, "count dims"]
) -> Int[np.ndarray, "frames"]:
    """Return which centre is nearest to each frame; of equals, the first."""
    square = [((x - centre) ** 2).sum(axis=1) for centre in centres]
    return np.argmin(square, axis=0)


def spread_centres(
    x: Float[np.ndarray, "frames dims"], count: int, *, rng: np.random.Generator
) -> Float[np.ndarray, "count dims"]:
    """Return frames that lie apart: k-means++.

    The first is drawn evenly, each further one with a probability that grows as the square of
    its distance to the nearest chosen. Where all frames coincide with chosen ones, evenly.

    References
    ----------
    Arthur and Vassilvitskii (2007), "k-means++: the advantages of careful seeding", section 2.2.
    """
    chosen = [int(check_generator(rng).integers(len(x)))]
    square = ((x - x[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < count:
        total = square.sum()
        p = square / total if total > 0 else np.full(len(x), 1 / len(x))
        chosen.append(int(rng.choice(len(x), p=p)))
        square = np.minimum(square, ((x - x[chosen[-1]]) ** 2).sum(axis=1))
    return x[np.array(chosen)]


def check_distributions(
    values: Any, name: str, shape: tuple[int, ...]
) -> Float[np.ndarray, "*shape"]:
    """Return probabilities that sum to one along the last axis, read only.

    Raises
    ------
    TypeError, ValueError
        For another shape, a negative number, or another sum.
    """
    p = check_values(values, name)
    if p.shape != shape:
        raise ValueError(f"need {name} of shape {shape}, got {p.shape}")
    if (p < 0).any() or np.abs(p.sum(axis=-1) - 1).max() > 1e-9:
        worst = p.sum(axis=-1).flat[np.abs(p.sum(axis=-1) - 1).argmax()]
        raise ValueError(
            f"need {name} of 0 or more that sum to one, got a least of {shown(p.min(), 0)} and a "
            f"sum of {shown(worst, 1)}; divide them by their sum"
        )
    p = p / p.sum(axis=-1, keepdims=True)
    p.setflags(write=False)
    return p
