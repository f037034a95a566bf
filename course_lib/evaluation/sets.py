"""How two sets of sounds lie to each other, as points in a space of features."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.spatial.distance
from jaxtyping import Float, Int

from course_lib.core import check_count, check_number, check_values


class Overlap(NamedTuple):
    """What `overlap` measures, each from 0 to 1, or for density to above 1; more is better.

    Attributes
    ----------
    precision : share of the generated sounds that lie among real ones
    recall : share of the real sounds that lie among generated ones
    density : how many real sounds' neighbourhoods a generated one lies in, over `neighbours`
    coverage : share of the real sounds that have a generated one in their neighbourhood
    """

    precision: float
    recall: float
    density: float
    coverage: float


class Nearest(NamedTuple):
    """For each of one set, the nearest of another: which one, and how far away."""

    indices: Int[np.ndarray, "count"]
    distances: Float[np.ndarray, "count"]


def frechet_distance(
    a: Float[np.ndarray, "count_a dims"], b: Float[np.ndarray, "count_b dims"]
) -> float:
    """Return the squared Frechet distance between the Gaussians fitted to two sets of features.

    d^2 = |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2))

    with means m and covariances C = X^T X, X the centred rows over sqrt(count - 1). The nonzero
    eigenvalues of C_a C_b are the squared singular values of X_a X_b^T, so the trace of the root
    is the sum of these: nothing complex appears, and fewer sounds than dimensions will do.

    The distance is biased upwards: a covariance estimated from few sounds misses directions, by
    about dims / count. Compare only distances between sets of the same sizes.

    Raises
    ------
    TypeError, ValueError
        For features that are not finite tables of the same width with two rows or more.

    References
    ----------
    Heusel et al. (2017), "GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium", eq. 6; Dowson and Landau (1982). On the bias: Chong and Forsyth (2020),
    "Effectively unbiased FID and inception score and where to find them". Notebook: 16.
    """
    a, b = _check_pair(a, b, 2)
    centred = [(x - x.mean(axis=0)) / np.sqrt(len(x) - 1) for x in (a, b)]
    shift = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    spread = sum(np.sum(x**2) for x in centred)
    common = np.linalg.norm(centred[0] @ centred[1].T, ord="nuc")
    return max(0.0, float(shift + spread - 2 * common))  # rounding may fall below zero


def overlap(
    real: Float[np.ndarray, "count_r dims"],
    fake: Float[np.ndarray, "count_f dims"],
    *,
    neighbours: int = 3,
) -> Overlap:
    """Return precision, recall, density and coverage of a generated set.

    Around every sound x of a set lies a ball that just reaches its k-th neighbour in that set,
    B(x). With r over the R real sounds and f over the F generated ones::

        precision = 1/F   sum_f [f in B(r) for some r]
        recall    = 1/R   sum_r [r in B(f) for some f]
        density   = 1/(kF) sum_f sum_r [f in B(r)]
        coverage  = 1/R   sum_r [f in B(r) for some f]

    One stray real sound has a large ball, and whatever lies in that is precise, shuffled noise
    perhaps; density counts how many balls agree, and coverage asks every real sound. All depend
    on the numbers of sounds: compare sets of the same sizes.

    Parameters
    ----------
    real, fake : features, one row a sound
    neighbours : k

    Raises
    ------
    TypeError, ValueError
        For features that are not finite tables of the same width, or sets of `neighbours` sounds
        or fewer.

    References
    ----------
    Kynkaanniemi et al. (2019), "Improved precision and recall metric for assessing generative
    models", eq. 1-2; Naeem et al. (2020), "Reliable fidelity and diversity metrics for generative
    models" (density, coverage). Notebook: 16.
    """
    neighbours = check_count(neighbours, "neighbours")
    real, fake = _check_pair(real, fake, neighbours + 1)
    between = scipy.spatial.distance.cdist(real, fake)
    in_real = between <= _radii(real, neighbours)[:, None]
    in_fake = between <= _radii(fake, neighbours)
    return Overlap(
        precision=float(in_real.any(axis=0).mean()),
        recall=float(in_fake.any(axis=1).mean()),
        density=float(in_real.sum() / (neighbours * len(fake))),
        coverage=float(in_real.any(axis=1).mean()),
    )


def _radii(features: np.ndarray, neighbours: int) -> Float[np.ndarray, "count"]:
    """Return the distance from each row to its k-th neighbour, itself not counted."""
    distances = scipy.spatial.distance.cdist(features, features)
    return np.partition(distances, neighbours, axis=1)[:, neighbours]


def nearest(
    reference: Float[np.ndarray, "count_r dims"], features: Float[np.ndarray, "count_f dims"]
) -> Nearest:
    """Return which row of `reference` each row of `features` is nearest to, and how far from it.

    Raises
    ------
    TypeError, ValueError
        For features that are not finite tables of the same width.

    Notebook: 16.
    """
    reference, features = _check_pair(reference, features, 1)
    distances = scipy.spatial.distance.cdist(features, reference)
    return Nearest(distances.argmin(axis=1), distances.min(axis=1))


def copy_share(
    training: Float[np.ndarray, "count_r dims"],
    fake: Float[np.ndarray, "count_f dims"],
    *,
    closeness: float = 0.5,
) -> float:
    """Return the share of sounds that are copies of a training sound.

    A sound is a copy if its distance from the nearest training sound is less than `closeness`
    times what is usual between neighbours: the median, over the training sounds, of the distance
    to the nearest other one. The median, because a few training sounds are nearly the same as
    another, and have no distance to speak of. Hear the nearest pairs, too (`nearest`): a number
    knows only what its features know.

    Parameters
    ----------
    training, fake : features, one row a sound
    closeness : 0.5 is half of the usual distance

    Raises
    ------
    TypeError, ValueError
        For features that are not finite tables of the same width, fewer than two training sounds,
        training sounds of which more than half are the same as another, or a `closeness` that is
        not above 0.

    Notebook: 16.
    """
    closeness = check_number(closeness, "closeness", above=0)
    training, fake = _check_pair(training, fake, 1)
    usual = float(np.median(_radii(_check_features(training, 2), 1)))
    if usual == 0:
        raise ValueError(
            "need different training sounds, but more than half are the same as another one; "
            "leave the doubles out"
        )
    return float((nearest(training, fake).distances < closeness * usual).mean())


def _check_features(features: np.ndarray, least: int) -> Float[np.ndarray, "count dims"]:
    features = check_values(
        features, "features", shape=("sounds", "dims"), whole=False, squared=True
    )
    if len(features) < least:
        raise ValueError(f"need features of {least} sounds or more, got {len(features)}")
    return features


def _check_pair(a: np.ndarray, b: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    a, b = _check_features(a, least), _check_features(b, least)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"need features of one width to compare, got {a.shape[1]} and {b.shape[1]} dims"
        )
    return a, b
