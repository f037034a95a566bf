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
from jaxtyping import Float, Int

from course_lib.audio import Clip, check_clip
from course_lib.core import check_count, check_generator
from course_lib.evaluation.likelihood import Comparison
from course_lib.evaluation.sets import (
    Overlap,
    _check_features,
    _check_pair,
    frechet_distance,
    overlap,
)

REAL, NOISE = "real training hits", "shuffled noise"
"""The two yardsticks in a table."""

Embedding: TypeAlias = Callable[[Sequence[Clip]], Float[np.ndarray, "count dims"]]
"""From sounds to features, one row a sound."""


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
    the leading eigenvectors of C: principal components in units of the total spread. A few dozen
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
    `NOISE`, `shuffled_noise` of the training hits. For small sets a fair comparison takes care:

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
    # Draws of equal size, with as many of each class
    counts = [Counter(hits.labels) for hits in (held_out, *sets.values())]
    quota = {label: min(count[label] for count in counts) for label in sorted(counts[0])}
    pairs = [
        {name: _draw(hits.labels, quota, rng) for name, hits in {"": held_out, **sets}.items()}
        for _ in range(check_count(draws, "draws"))
    ]
    # Scores in each embedding, as means over the draws
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


def _check_hits(hits: Hits, name: str) -> None:
    if not len(hits.clips) or len(hits.clips) != len(hits.labels):
        raise ValueError(
            f"need one or more {name} and a label for each, got {len(hits.clips)} clips and "
            f"{len(hits.labels)} labels"
        )
