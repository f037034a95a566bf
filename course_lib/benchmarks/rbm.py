"""Group `rbm`: an epoch of a restricted Boltzmann machine against scikit-learn's.

Both read the same batches and the same random bits, and end at the same weights: its RandomState
and our Generator make the same numbers of one bit generator.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from course_lib.benchmarks.measure import Missing, Row, faster, if_installed
from course_lib.core import seeded
from course_lib.models.latent.energies import Parameters
from course_lib.models.latent.learning import Learner, Learning

ROWS = 1000
SHAPES = ((64, 64, 10), (64, 256, 100), (784, 500, 100))
"""Visible units, hidden units, rows in a batch."""

RATE = 0.05
PEER = "scikit-learn"


def rows() -> Iterator[Row | Missing]:
    """Yield the group's rows, the slowest last."""
    return if_installed("sklearn", _epochs)


def _epochs() -> Iterator[Row]:
    for visible, hidden, batch in SHAPES:
        v = (seeded(1).random((ROWS, visible)) < 0.3).astype(float)
        weights = 0.01 * seeded(2).standard_normal((visible, hidden))
        yield faster(
            f"RBM epoch, {visible} x {hidden}, {ROWS:,} rows in batches of {batch}",
            functools.partial(our_epoch, v, weights, batch),
            functools.partial(their_epoch, v, weights, batch),
            goal=1.0,
            peer=PEER,
        )


def our_epoch(v: np.ndarray, weights: np.ndarray, batch: int) -> np.ndarray:
    """Return the weights after one pass of persistent contrastive divergence."""
    visible, hidden = weights.shape
    start = Parameters(weights, np.zeros(visible), np.zeros(hidden))
    rng = np.random.Generator(np.random.PCG64(3))
    learner = Learner(start, Learning("pcd", batch=batch, rate=RATE), rng)
    for first in range(0, len(v), batch):
        learner.step(v[first : first + batch])
    return learner.parameters.weights


def their_epoch(v: np.ndarray, weights: np.ndarray, batch: int) -> np.ndarray:
    """Return what scikit-learn makes of the same weights, rows and draws."""
    from sklearn.neural_network import BernoulliRBM

    visible, hidden = weights.shape
    model = BernoulliRBM(hidden, learning_rate=RATE, batch_size=batch)
    model.components_ = np.ascontiguousarray(weights.T.copy())
    model.intercept_visible_, model.intercept_hidden_ = np.zeros(visible), np.zeros(hidden)
    model.h_samples_ = np.zeros((batch, hidden))
    draws = np.random.RandomState(np.random.PCG64(3))
    for first in range(0, len(v), batch):
        model._fit(v[first : first + batch], draws)
    return model.components_.T
