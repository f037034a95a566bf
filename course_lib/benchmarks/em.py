"""Group `em`: one step of expectation-maximisation, against scikit-learn and hmmlearn.

A step takes a model to the next: posteriors of what is hidden, and the parameters that they make
likeliest. All start from the same parameters, and a race counts only where the means after the
step agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

from course_lib.benchmarks.measure import Missing, Row, faster, if_installed
from course_lib.core import seeded
from course_lib.models.states import (
    HMM,
    GaussianEmissions,
    GaussianMixture,
    Gaussians,
    maximised,
)

DIMS = 20
MIXTURE = (20_000, (16, 64))
"""Frames, and the numbers of components."""

CHAIN = (10_000, ((8, 3.0, 10.0), (32, 6.0, 20.0)))
"""Frames, and the numbers of states, each with the goals against scaling and logarithms."""

FLOOR = 1e-6


def rows() -> Iterator[Row | Missing]:
    """Yield the group's rows."""
    yield from if_installed("sklearn", _against_scikit_learn)
    yield from if_installed("hmmlearn", _against_hmmlearn)


def clouds(frames: int, components: int) -> tuple[Float[np.ndarray, "frames dims"], Gaussians]:
    """Return frames from overlapping clouds, in runs, and diagonal Gaussians to start from."""
    rng = seeded(components)
    centres = 1.5 * rng.standard_normal((components, DIMS))
    which = np.repeat(rng.integers(components, size=frames // 10 + 1), 10)[:frames]
    x = centres[which] + rng.standard_normal((frames, DIMS))
    start = centres + 0.3 * rng.standard_normal(centres.shape)
    return x, Gaussians(start, np.full(centres.shape, 1.2))


def _against_scikit_learn() -> Iterator[Row]:
    frames, sizes = MIXTURE
    for components in sizes:
        x, gaussians = clouds(frames, components)
        start = GaussianMixture(np.full(components, 1 / components), gaussians)
        yield faster(
            f"EM step of a mixture, {frames} x {DIMS}, {components} diagonal components",
            _our_step(start, x), _scikit_learns_step(start, x), goal=2.0, peer="scikit-learn",
        )  # fmt: skip


def _our_step(start: GaussianMixture, x: np.ndarray) -> Callable[[], np.ndarray]:
    """Return a function that takes one step: the posterior and then the parameters."""

    def step() -> np.ndarray:
        shares = start.responsibilities(x)
        after = GaussianMixture(
            shares.sum(axis=0) / len(x), start.gaussians.fitted(x, shares, floor=FLOOR)
        )
        return after.gaussians.means

    return step


def _scikit_learns_step(start: GaussianMixture, x: np.ndarray) -> Callable[[], np.ndarray]:
    from sklearn.mixture import GaussianMixture as Peer

    peer = Peer(len(start.weights), covariance_type="diag", reg_covar=FLOOR)

    def step() -> np.ndarray:
        peer.weights_, peer.means_ = start.weights, start.gaussians.means
        peer.covariances_ = start.gaussians.covariances
        peer.precisions_cholesky_ = 1 / np.sqrt(start.gaussians.covariances)
        _, log_shares = peer._e_step(x)
        peer._m_step(x, log_shares)
        return peer.means_

    return step


def _against_hmmlearn() -> Iterator[Row]:
    frames, sizes = CHAIN
    for states, over_scaling, over_logarithms in sizes:
        x, gaussians = clouds(frames, states)
        transitions = np.full((states, states), 0.2 / (states - 1))
        np.fill_diagonal(transitions, 0.8)
        start = HMM(np.full(states, 1 / states), transitions, GaussianEmissions(gaussians))
        for implementation, goal in (("scaling", over_scaling), ("log", over_logarithms)):
            yield faster(
                f"EM step of a hidden Markov model, {frames} x {DIMS}, {states} states, "
                f"hmmlearn's implementation by {implementation}",
                _baum_welchs_step(start, x), _hmmlearns_step(start, x, implementation),
                goal=goal, peer="hmmlearn",
            )  # fmt: skip


def _baum_welchs_step(start: HMM, x: np.ndarray) -> Callable[[], np.ndarray]:
    def step() -> np.ndarray:
        emissions: Any = maximised(start, x, [start.posterior(x)], floor=FLOOR).emissions
        return emissions.gaussians.means

    return step


def _hmmlearns_step(start: HMM, x: np.ndarray, implementation: str) -> Callable[[], np.ndarray]:
    from hmmlearn.hmm import GaussianHMM

    def step() -> np.ndarray:
        peer: Any = GaussianHMM(
            start.states, covariance_type="diag", implementation=implementation, n_iter=1,
            init_params="", min_covar=FLOOR, covars_prior=0, covars_weight=0,
        )  # fmt: skip
        emissions: Any = start.emissions
        peer.startprob_, peer.transmat_ = start.start, start.transitions
        peer.means_, peer.n_features = emissions.gaussians.means, DIMS
        peer.covars_ = emissions.gaussians.covariances
        return peer.fit(x).means_

    return step
