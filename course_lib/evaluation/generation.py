"""How like real ones generated sounds are: distances and overlaps of two sets of features.

One set of sounds is compared with another by where they lie in somebody's features, one row a
sound: those of the course's own classifier (`ears.classifier`), or of a network that somebody else
trained (`ears.embedding`). No such number means much alone. Beside a generator stand two
yardsticks: real hits that it was trained on, which cannot be beaten by much, and shuffled noise,
which anything should beat.

Notebook: 16.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
import scipy.spatial.distance
from jaxtyping import Float, Int

from course_lib.audio import Clip, check_clip
from course_lib.core import check_count, check_generator, check_number, check_values
from course_lib.evaluation.likelihood import Comparison

REAL, NOISE = "real training hits", "shuffled noise"
"""The two yardsticks in a table."""

Embedding: TypeAlias = Callable[[Sequence[Clip]], Float[np.ndarray, "count dims"]]
"""From sounds to features, one row a sound."""


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


class Recognition(NamedTuple):
    """What a classifier makes of sounds whose classes are known.

    Attributes
    ----------
    accuracy : share of the sounds heard as what they are
    classes : names of the rows and columns
    confusion : how many sounds of each class (row) were heard as each (column)
    """

    accuracy: float
    classes: tuple[str, ...]
    confusion: Int[np.ndarray, "classes classes"]


class Hits(NamedTuple):
    """Sounds, and what each one is."""

    clips: Sequence[Clip]
    labels: Sequence[str]


class GenerationScore(NamedTuple):
    """How near a set of sounds comes to held-out ones in one embedding.

    Attributes
    ----------
    frechet : `frechet_distance`, in units of the training hits' total variance
    overlap : `overlap`
    sounds : in each of the two sets compared
    """

    frechet: float
    overlap: Overlap
    sounds: int


@runtime_checkable
class HitClassifier(Protocol):
    """Whatever names the class of a sound, such as ``evaluation.ears.classifier.Classifier``."""

    def classify(self, sounds: Sequence[Clip]) -> list[str]:
        """Return the class of each sound."""


def frechet_distance(
    a: Float[np.ndarray, "count_a dims"], b: Float[np.ndarray, "count_b dims"]
) -> float:
    """Return the squared Frechet distance between the Gaussians fitted to two sets of features.

    d^2 = |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2))

    with means m and covariances C = X^T X, X the centred rows over sqrt(count - 1).  The nonzero
    eigenvalues of C_a C_b are the squared singular values of X_a X_b^T, so the trace of the root
    is the sum of these: nothing complex appears, and fewer sounds than dimensions will do.

    The distance is biased upwards: a covariance estimated from few sounds misses directions, by
    about dims / count.  Compare only distances between sets of the same sizes.

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
    B(x).  With r over the R real sounds and f over the F generated ones::

        precision = 1/F   sum_f [f in B(r) for some r]
        recall    = 1/R   sum_r [r in B(f) for some f]
        density   = 1/(kF) sum_f sum_r [f in B(r)]
        coverage  = 1/R   sum_r [f in B(r) for some f]

    One stray real sound has a large ball, and whatever lies in that is precise, shuffled noise
    perhaps; density counts how many balls agree, and coverage asks every real sound.  All depend
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
    to the nearest other one.  The median, because a few training sounds are nearly the same as
    another, and have no distance to speak of.  Hear the nearest pairs, too (`nearest`): a number
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


def recognition(
    classifier: HitClassifier, clips: Sequence[Clip], labels: Sequence[str]
) -> Recognition:
    """Return how many sounds a classifier hears as what they should be.

    Raises
    ------
    ValueError
        For no sounds, or not one label for each; or what the classifier will not take.

    Notebook: 16.
    """
    _check_hits(Hits(clips, labels), "clips")
    heard = classifier.classify(clips)
    classes = tuple(sorted({*labels, *heard}))
    confusion = np.zeros((len(classes), len(classes)), int)
    for meant, got in zip(labels, heard, strict=True):
        confusion[classes.index(meant), classes.index(got)] += 1
    return Recognition(float(np.trace(confusion) / len(labels)), classes, confusion)


def shuffled_noise(clips: Sequence[Clip], rng: np.random.Generator) -> list[Clip]:
    """Return each clip with its samples in a random order: as loud, as long, and white noise.

    Raises
    ------
    TypeError
        For something that is not a Clip, or an `rng` that is not a numpy Generator.

    Notebook: 16.
    """
    check_generator(rng)
    clips = [check_clip(clip) for clip in clips]
    return [clip.with_samples(rng.permutation(clip.samples)) for clip in clips]


def principal(
    training: Float[np.ndarray, "count dims"], dims: int
) -> Callable[[Float[np.ndarray, "rows dims"]], Float[np.ndarray, "rows kept"]]:
    """Return the projection onto the directions in which the training sounds differ most.

    y = (x - m) V / sqrt(tr C), with m and C the mean and covariance of the training sounds and V
    the leading eigenvectors of C: principal components in units of the total spread.  A few dozen
    held-out sounds cannot fill hundreds of dimensions; they can fill a few.

    Parameters
    ----------
    training : features, one row a sound
    dims : how many directions to keep, at most as many as the features have

    Raises
    ------
    TypeError, ValueError
        For features that are not a finite table of `dims` + 1 rows and `dims` columns or more, or
        sounds that are all the same.

    Notebook: 16.
    """
    dims = check_count(dims, "dims")
    training = _check_features(training, dims + 1)
    if dims > training.shape[1]:
        raise ValueError(
            f"need at most {training.shape[1]} dims, those of the features, got {dims}"
        )
    mean = training.mean(axis=0)
    _, spread, axes = np.linalg.svd(training - mean, full_matrices=False)
    total = np.sqrt(np.sum(spread**2) / (len(training) - 1))
    if total == 0:
        raise ValueError("need training sounds that differ, got features that are all the same")
    basis = axes[:dims].T / total
    return lambda features: (_check_pair(training, features, 1)[1] - mean) @ basis


def compare_generators(
    held_out: Hits,
    training: Hits,
    generated: Mapping[str, Hits],
    embeddings: Mapping[str, Embedding],
    *,
    rng: np.random.Generator,
    dims: int = 12,
    neighbours: int = 3,
    draws: int = 20,
) -> dict[str, dict[str, GenerationScore]]:
    """Return how near generators and two yardsticks come to held-out hits, in each embedding.

    The rows of an embedding are the generators, then `REAL`, the training hits themselves, and
    `NOISE`, `shuffled_noise` of the training hits.  For small sets a fair comparison takes care:

    - features are projected on their leading `principal` components, fitted to training hits;
    - every comparison takes the same number of sounds from both sides, and of each class as many
      as the poorest set has: sizes and mixtures alone would change every number;
    - which sounds these are is drawn `draws` times, and the scores are the means.

    Real training hits are no upper bound: they are other kits than the held-out ones, too.

    Parameters
    ----------
    held_out : real hits that no generator has heard, of kits that none has heard
    training : real hits that the generators learned from
    generated : name -> hits of each generator, of the same classes
    embeddings : name -> features of sounds
    rng : draws the noise and the sets
    dims, neighbours : see `principal` and `overlap`
    draws : of sets

    Raises
    ------
    TypeError, ValueError
        For sets without sounds, with other classes than the held-out hits, or so small that
        `neighbours` or `dims` do not fit.

    Notebook: 16.
    """
    noise = Hits(shuffled_noise(training.clips, check_generator(rng)), training.labels)
    sets = {**generated, REAL: training, NOISE: noise}
    if len(sets) != len(generated) + 2:
        raise ValueError(f"need generators called neither {REAL!r} nor {NOISE!r}")
    for name, hits in {"held_out": held_out, **sets}.items():
        _check_hits(hits, name)
        if set(hits.labels) != set(held_out.labels):
            raise ValueError(
                f"need hits of the same classes everywhere: {sorted(set(held_out.labels))} held "
                f"out, but {sorted(set(hits.labels))} of {name}"
            )
    counts = [Counter(hits.labels) for hits in (held_out, *sets.values())]
    quota = {label: min(count[label] for count in counts) for label in sorted(counts[0])}
    pairs = [
        {name: _draw(hits.labels, quota, rng) for name, hits in {"": held_out, **sets}.items()}
        for _ in range(check_count(draws, "draws"))
    ]
    found: dict[str, dict[str, GenerationScore]] = {}
    for called, embed in embeddings.items():
        learned = np.asarray(embed(training.clips))
        project = principal(learned, dims)
        real = project(embed(held_out.clips))
        found[called] = {}
        for name, hits in sets.items():
            fake = project(learned if name == REAL else embed(hits.clips))
            scores = [
                (
                    frechet_distance(real[pair[""]], fake[pair[name]]),
                    *overlap(real[pair[""]], fake[pair[name]], neighbours=neighbours),
                )
                for pair in pairs
            ]
            frechet, *shares = np.mean(scores, axis=0).tolist()
            found[called][name] = GenerationScore(frechet, Overlap(*shares), sum(quota.values()))
    return found


def _draw(
    labels: Sequence[str], quota: Mapping[str, int], rng: np.random.Generator
) -> Int[np.ndarray, "count"]:
    """Return places of so many sounds of each class, drawn without putting back."""
    names = np.asarray(labels)
    return np.concatenate(
        [
            rng.choice(np.flatnonzero(names == label), count, replace=False)
            for label, count in quota.items()
        ]
    )


def generation_table(scores: Mapping[str, Mapping[str, GenerationScore]]) -> Comparison:
    """Return the rows, columns and caption of a table of what `compare_generators` measured.

    Raises
    ------
    ValueError
        For no scores.
    """
    if not any(scores.values()):
        raise ValueError("need at least one score for a table, got none")
    rows = [
        (embedding, name, f"{score.frechet:.2f}", *(f"{share:.2f}" for share in score.overlap))
        for embedding, of_sets in scores.items()
        for name, score in of_sets.items()
    ]
    columns = ["features", "sounds", "Fréchet", "precision", "recall", "density", "coverage"]
    count = next(score.sounds for of_sets in scores.values() for score in of_sets.values())
    return Comparison(rows, columns, f"{count} sounds against {count} held-out hits")


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


def _check_hits(hits: Hits, name: str) -> None:
    if not len(hits.clips) or len(hits.clips) != len(hits.labels):
        raise ValueError(
            f"need one or more {name} and a label for each, got {len(hits.clips)} clips and "
            f"{len(hits.labels)} labels"
        )
