"""Every model on the same held-out sound: one row each, of everything that can be measured.

A row says how many bits a sample costs, what kind of number that is, how far the model's samples
lie from held-out sound, how large it is, what it cost to train, how fast it makes sound, and what
it can be told. What a model cannot do stands as a dash. Notebook: 17.
"""

from __future__ import annotations

import itertools
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from course_lib.audio import Clip
from course_lib.core import Encoding, LikelihoodKind, check_count
from course_lib.evaluation.generation import principal
from course_lib.evaluation.intervals import Interval, bootstrap, paired_difference, ranks
from course_lib.evaluation.likelihood import SIGN, Comparison, bits_per_sample
from course_lib.evaluation.sets import frechet_distance
from course_lib.features import log_mel

_DECIBELS = 20 / np.log(10)
DIMS = 12
"""Principal components in which sets of sounds are compared."""


@dataclass(frozen=True)
class Contestant:
    """A model that takes part.

    Parameters
    ----------
    name : in the table
    scorer : from the number of a held-out clip to what scores it; None for a model without
    draw : from a number to the i-th drawn sound; None for a model that makes none
    parameters : how many numbers it has learned
    trained : seconds and hardware, in words
    told : what it can be conditioned on, in words
    """

    name: str
    scorer: Callable[[int], Any] | None
    draw: Callable[[int], Clip] | None
    parameters: int
    trained: str = "—"
    told: str = "nothing"


class Result(NamedTuple):
    """What was measured of one contestant."""

    name: str
    bits: tuple[float, ...] | None
    """Of each held-out clip, in all."""
    kind: LikelihoodKind
    spectral: Interval | None
    """Distance of the mean spectra, in dB."""
    frechet: float | None
    seconds: float | None
    """Of one core, to make a second of sound."""
    parameters: int
    trained: str
    told: str


def score_clips(
    scorer: Callable[[int], Any], clips: Sequence[Clip], encoding: Encoding
) -> tuple[tuple[float, ...], LikelihoodKind]:
    """Return the bits that each clip costs, and the weakest kind among them.

    The i-th clip's dither depends on i alone, so that every density meets the same amplitudes.

    Raises
    ------
    TypeError, ValueError
        As `bits_per_sample`.
    """
    scores = [
        bits_per_sample(scorer(i), clip, encoding, rng=np.random.default_rng([17, i]))
        for i, clip in enumerate(clips)
    ]
    kinds: tuple[LikelihoodKind, ...] = ("exact", "lower bound", "estimate")
    return (
        tuple(score.bits * score.samples for score in scores),
        max((score.kind for score in scores), key=kinds.index),
    )


def mean_spectrum(clip: Clip) -> Float[np.ndarray, "bands"]:
    """Return the level of each of 24 mel bands in dB, averaged over frames within 50 dB."""
    window = round(0.032 * clip.sample_rate)
    frames = log_mel(clip, window_length=window, hop_length=window // 2, bands=24)
    levels = _DECIBELS * frames
    levels = np.maximum(levels, levels.max() - 50)
    loud = levels.mean(axis=1) > levels.mean(axis=1).max() - 30
    return levels[loud].mean(axis=0)


def texture(clip: Clip) -> Float[np.ndarray, "96"]:
    """Return what sets of sounds are compared by: of 24 mel bands in dB, four statistics each.

    The mean over time, the deviation, the deviation of the change from frame to frame, and the
    correlation of neighbouring frames: spectrum, dynamics and speed.
    """
    window = round(0.032 * clip.sample_rate)
    frames = _DECIBELS * log_mel(clip, window_length=window, hop_length=window // 2, bands=24)
    levels = np.maximum(frames, frames.max() - 50)
    change = np.diff(levels, axis=0)
    centred = levels - levels.mean(axis=0)
    power = np.mean(centred**2, axis=0) + 1.0
    together = np.mean(centred[1:] * centred[:-1], axis=0) / power
    return np.concatenate(
        [levels.mean(axis=0), levels.std(axis=0), change.std(axis=0), 10 * together]
    )


def spectral_distance(drawn: Sequence[Clip], held_out: Sequence[Clip]) -> Interval:
    """Return the root mean square difference in dB of mean spectra, with a bootstrap interval.

    The level of the whole is taken out of each set: loudness is not what is judged.

    Raises
    ------
    ValueError
        For fewer than two sounds in either set.
    """
    if min(len(drawn), len(held_out)) < 2:
        raise ValueError(f"need two sounds or more each, got {len(drawn)} and {len(held_out)}")
    ours = np.stack([mean_spectrum(clip) for clip in drawn])
    theirs = np.stack([mean_spectrum(clip) for clip in held_out])

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        difference = a.mean(axis=0) - b.mean(axis=0)
        return float(np.std(difference))

    rng = np.random.default_rng(17)
    again = [
        distance(ours[rng.integers(len(ours), size=len(ours))],
                 theirs[rng.integers(len(theirs), size=len(theirs))])
        for _ in range(500)
    ]  # fmt: skip
    low, high = np.quantile(again, [0.025, 0.975])
    value = distance(ours, theirs)
    return Interval(value, float(min(low, value)), float(max(high, value)))


def judge(
    contestant: Contestant,
    held_out: Sequence[Clip],
    encoding: Encoding,
    *,
    training: Sequence[Clip],
    draws: int,
) -> Result:
    """Measure one contestant.

    Parameters
    ----------
    contestant : the model
    held_out : clips that it has not heard
    encoding : the grid on which bits are counted
    training : clips that say in which directions sounds differ
    draws : how many sounds it makes, 2 or more

    Raises
    ------
    TypeError, ValueError
        As `score_clips` and `spectral_distance`, or for fewer draws than 2.

    Notebook: 17.
    """
    draws = check_count(draws, "draws", minimum=2)
    bits: tuple[float, ...] | None = None
    kind: LikelihoodKind = "exact"
    if contestant.scorer is not None:
        bits, kind = score_clips(contestant.scorer, held_out, encoding)
    spectral = frechet = seconds = None
    if contestant.draw is not None:
        drawn = [contestant.draw(0)]  # not timed: it may wait for a loop to be compiled
        started = time.process_time()
        drawn += [contestant.draw(i) for i in range(1, draws)]
        seconds = (time.process_time() - started) / sum(clip.duration for clip in drawn[1:])
        spectral = spectral_distance(drawn, held_out)
        project = principal(np.stack([texture(clip) for clip in training]), DIMS)
        sets = [np.stack([texture(clip) for clip in clips]) for clips in (drawn, held_out)]
        frechet = frechet_distance(project(sets[0]), project(sets[1]))
    return Result(
        contestant.name, bits, kind, spectral, frechet, seconds,
        contestant.parameters, contestant.trained, contestant.told,
    )  # fmt: skip


def showdown_table(results: Sequence[Result], sizes: Sequence[int], *, grid: str) -> Comparison:
    """Return the rows, columns and caption of the table; the fewest bits first.

    Models whose paired differences leave room for zero share a rank. A model without a score has
    no rank, and stands at the end.

    Raises
    ------
    ValueError
        For results without any score.

    Notebook: 17.
    """
    weights = np.asarray(sizes, float)
    scored = {r.name: np.array(r.bits) for r in results if r.bits is not None}
    if not scored:
        raise ValueError("need at least one model with a score for a table, got none")
    places = ranks(scored, weights, rng=_generator("ranks"))
    ordered = sorted(results, key=lambda r: np.inf if r.bits is None else sum(r.bits))
    rows = []
    for r in ordered:
        bits = "—"
        if r.bits is not None:
            told = bootstrap(np.array(r.bits), weights, rng=_generator(r.name))
            bits = f"{SIGN[r.kind]}{told}"
        rows.append(
            (
                str(places.get(r.name, "—")), r.name, bits,
                "—" if r.spectral is None else f"{r.spectral.value:.1f}",
                "—" if r.frechet is None else f"{r.frechet:.2f}",
                f"{r.parameters:,}", r.trained,
                "—" if r.seconds is None else f"{r.seconds:.1g}", r.told,
            )
        )  # fmt: skip
    columns = ["rank", "model", "bits per sample", "spectrum (dB)", "Fréchet", "parameters",
               "training", "s per s", "told"]  # fmt: skip
    return Comparison(rows, columns, f"{grid}; {len(sizes)} held-out clips, 95 % intervals")


def neighbours(results: Sequence[Result], sizes: Sequence[int]) -> list[tuple[str, str, Interval]]:
    """Return, of each two neighbours in bits, how much more the second needs per sample.

    Notebook: 17.
    """
    scored = sorted((r for r in results if r.bits is not None), key=lambda r: sum(r.bits or ()))
    whole = np.asarray(sizes, float)
    return [
        (a.name, b.name, paired_difference(
            np.array(a.bits), np.array(b.bits), whole, rng=_generator(a.name + b.name)))
        for a, b in itertools.pairwise(scored)
    ]  # fmt: skip


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return results as plain data, which `from_json` reads."""
    return [result._asdict() for result in results]


def from_json(rows: Sequence[dict[str, Any]]) -> list[Result]:
    """Return the results that `as_json`, and a file, made `rows` of.

    Raises
    ------
    ValueError
        For rows with other names than a `Result` has.
    """
    found = []
    for row in rows:
        if set(row) != set(Result._fields):
            raise ValueError(f"need the names {Result._fields}, got {tuple(row)}")
        bits = None if row["bits"] is None else tuple(row["bits"])
        spectral = None if row["spectral"] is None else Interval(*row["spectral"])
        found.append(Result(**row | {"bits": bits, "spectral": spectral}))
    return found


def _generator(name: str) -> np.random.Generator:
    """Return a generator that depends on a name alone, so that tables repeat."""
    return np.random.default_rng(zlib.crc32(name.encode()))
