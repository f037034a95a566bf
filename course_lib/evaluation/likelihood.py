"""Every model's likelihood on one grid: bits per sample of one encoding at one sample rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_lib.audio import Clip
from course_lib.core import (
    Encoding,
    LevelScorer,
    Likelihood,
    LikelihoodKind,
    Scorer,
    check_codes,
    check_generator,
)

SIGN: dict[LikelihoodKind, str] = {"exact": "", "lower bound": "≤ ", "estimate": "≈ "}


@dataclass(frozen=True)
class BitsPerSample:
    """What a model needs, on average, to tell one sample's level: -log2 P(levels) / samples.

    A lower bound on the probability is an upper bound on the bits, and prints as ``≤ 6.31``.
    """

    bits: float
    kind: LikelihoodKind
    samples: int
    encoding: str
    sample_rate: int

    def __str__(self) -> str:
        return f"{SIGN[self.kind]}{self.bits:.2f}"


class Comparison(NamedTuple):
    """A table as data; ``teaching.table(**comparison._asdict())`` shows it."""

    rows: Sequence[tuple[str, ...]]
    columns: list[str]
    caption: str


def bits_per_sample(
    model: LevelScorer | Scorer,
    clips: Clip | Sequence[Clip],
    encoding: Encoding,
    *,
    rng: np.random.Generator | None = None,
) -> BitsPerSample:
    """Return a model's bits per sample on the levels of `encoding`, whatever kind of model it is.

    With levels c_t = encode(x_t), bin B_t of width w_t around each, and N samples over all clips::

        bits = -1/N log2 P(c_1, ..., c_N)

    A model of levels is read directly. A density is integrated over the bins by dithering, with
    u_t uniform in B_t; by Jensen's inequality (log is concave)::

        log P(c) = log E_u[p(u)] + sum_t log w_t  >=  E_u[log p(u)] + sum_t log w_t

    so a density's kind is ``"lower bound"`` (at best: an estimate stays an estimate). One draw
    of u stands for the expectation; over thousands of samples its noise averages out.

    Parameters
    ----------
    model : a ``LevelScorer``, or a ``Scorer``; the first is preferred where a model is both
    clips : held-out sounds of one sample rate, independent of each other
    encoding : the grid
    rng : draws the dither; a model of levels needs none

    Raises
    ------
    TypeError
        For a model without a score, something other than clips, or a density without `rng`.
    ValueError
        For no clips, or clips of different sample rates.

    References
    ----------
    Theis, van den Oord and Bethge (2016), "A note on the evaluation of generative models",
    section 3.1. Notebook: 02.
    """
    clips = _as_clips(clips)
    if not isinstance(model, LevelScorer | Scorer):
        raise TypeError(
            f"need a model with level_log_likelihood or log_likelihood, got "
            f"{type(model).__name__}, which has neither: it has no likelihood to compare"
        )
    total = Likelihood(0.0)
    for clip in clips:
        codes = encoding.encode(clip)
        if isinstance(model, LevelScorer):
            total += model.level_log_likelihood(codes, encoding)
        else:
            density = model.log_likelihood(dither(codes, encoding, rng=check_generator(rng)))
            log_width = float(encoding.log_width(codes).sum())
            total += density + Likelihood(log_width, "lower bound")
    samples = sum(map(len, clips))
    return BitsPerSample(
        -total.bits / samples, total.kind, samples, encoding.name, clips[0].sample_rate
    )


def dither(codes: np.ndarray, encoding: Encoding, *, rng: np.random.Generator) -> np.ndarray:
    """Return amplitudes drawn uniformly inside the bin of each level, float64 of shape (time,).

    Raises
    ------
    TypeError, ValueError
        For codes that are not levels of the encoding, or an `rng` that is not a numpy Generator.

    Notebook: 02.
    """
    edges, codes = encoding.edges(), check_codes(codes, encoding.levels)
    return check_generator(rng).uniform(edges[codes], edges[codes + 1])


def comparison_table(scores: Mapping[str, BitsPerSample | None]) -> Comparison:
    """Return the rows, columns and caption of a table of scores; `None` (no score) prints —.

    Raises
    ------
    ValueError
        For scores on different encodings, sample rates or numbers of samples, which do not
        compare, or for no score at all.
    """
    grids = {
        (score.encoding, score.sample_rate, score.samples)
        for score in scores.values()
        if score is not None
    }
    if len(grids) != 1:
        raise ValueError(
            "need scores on one encoding, one sample rate and the same held-out samples, got "
            f"{sorted(grids)}; score every model with the same clips and encoding"
        )
    encoding, sample_rate, samples = grids.pop()
    rows = [(name, "—" if score is None else str(score)) for name, score in scores.items()]
    caption = f"{encoding}, {sample_rate} Hz, {samples / sample_rate:.1f} s of held-out sound"
    return Comparison(rows, ["model", "bits per sample"], caption)


def _as_clips(clips: Clip | Sequence[Clip]) -> list[Clip]:
    """Return a list of clips of one sample rate, or say what is wrong with it."""
    clips = [clips] if isinstance(clips, Clip) else list(clips)
    for clip in clips:
        if not isinstance(clip, Clip):
            raise TypeError(
                f"need clips, got {type(clip).__name__}; wrap an array as "
                "Clip(samples, sample_rate): bits per sample depend on the sample rate"
            )
    rates = sorted({clip.sample_rate for clip in clips})
    if len(rates) != 1:
        raise ValueError(
            f"need one or more clips of one sample rate, got rates {rates}; "
            "bring them together with audio.resample"
        )
    return clips
