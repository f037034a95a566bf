"""How sure a mean is: bootstrap over clips, paired differences, ranks; Student's over runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy.stats
from jaxtyping import Float

from course_lib.core import check_count, check_generator, check_number, check_values


class Interval(NamedTuple):
    """A value, and the ends of an interval around it."""

    value: float
    low: float
    high: float

    @property
    def parts(self) -> bool:
        """Whether the interval leaves out zero: of a difference, that it has a sign."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def bootstrap(
    totals: Float[np.ndarray, "clips"],
    sizes: Float[np.ndarray, "clips"],
    *,
    rng: np.random.Generator,
    draws: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Return sum(totals) / sum(sizes), and a percentile interval over clips drawn again.

    With K clips, each of `draws` times K clips are drawn with replacement, and the ratio is
    computed of these. The interval holds the middle `level` of the results. Clips are drawn
    whole, because samples of one clip resemble each other and clips do not.

    Parameters
    ----------
    totals : of each clip, such as bits
    sizes : of each clip, such as samples; above 0
    rng : draws the clips
    draws : how often
    level : between 0 and 1

    Raises
    ------
    TypeError, ValueError
        For fewer than two clips, sizes that do not fit or are not above 0, or bad settings.

    References
    ----------
    Efron and Tibshirani (1993), "An introduction to the bootstrap", section 13.3. Notebook: 17.
    """
    totals = check_values(totals, "totals", shape=("clips",), whole=False)
    sizes = check_values(sizes, "sizes", shape=("clips",), whole=False)
    if len(totals) < 2 or len(totals) != len(sizes) or sizes.min() <= 0:
        raise ValueError(
            f"need totals and sizes above 0 of the same two clips or more, got {len(totals)} "
            f"totals and {len(sizes)} sizes"
        )
    level = check_number(level, "level", above=0, below=1)
    shape = (check_count(draws, "draws"), len(totals))
    chosen = check_generator(rng).integers(len(totals), size=shape)
    ratios = totals[chosen].sum(axis=1) / sizes[chosen].sum(axis=1)
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(totals.sum() / sizes.sum()), float(low), float(high))


def paired_difference(
    a: Float[np.ndarray, "clips"],
    b: Float[np.ndarray, "clips"],
    sizes: Float[np.ndarray, "clips"],
    *,
    rng: np.random.Generator,
) -> Interval:
    """Return (sum(b) - sum(a)) / sum(sizes) with its bootstrap interval over the same clips.

    Clips differ in difficulty more than models do. Both models meet the same clips, so the
    difference within a clip is free of that, and its interval is much narrower than a comparison
    of two intervals would suggest.

    Raises
    ------
    TypeError, ValueError
        As `bootstrap`, or for a and b of different lengths.

    Notebook: 17.
    """
    a = check_values(a, "a", shape=("clips",), whole=False)
    b = check_values(b, "b", shape=("clips",), whole=False)
    if len(a) != len(b):
        raise ValueError(f"need two models on the same clips, got {len(a)} and {len(b)} clips")
    return bootstrap(b - a, sizes, rng=rng)


def ranks(
    totals: Mapping[str, Float[np.ndarray, "clips"]],
    sizes: Float[np.ndarray, "clips"],
    *,
    rng: np.random.Generator,
) -> dict[str, int]:
    """Return a rank for each model, the least total first; who cannot be told apart shares one.

    Models are sorted by their totals. One gets the next rank where its paired difference to the
    first model of the current rank has an interval without zero; otherwise it joins that rank.

    Raises
    ------
    TypeError, ValueError
        As `paired_difference`.

    Notebook: 17.
    """
    order: Sequence[str] = sorted(totals, key=lambda name: float(np.sum(totals[name])))
    found: dict[str, int] = {}
    first = order[0] if order else ""
    for place, name in enumerate(order, 1):
        if name == first:
            found[name] = 1
            continue
        difference = paired_difference(totals[first], totals[name], sizes, rng=rng)
        if difference.parts:
            found[name], first = place, name
        else:
            found[name] = found[first]
    return found


def over_runs(values: Float[np.ndarray, "runs"], *, level: float = 0.95) -> Interval:
    """Return the mean of a few independent runs, and Student's interval around it.

    mean -+ t s / sqrt(n), with s the standard deviation of the n values (over n - 1) and t the
    quantile of Student's law with n - 1 degrees of freedom. A bootstrap of three or four values
    is too narrow; this one is right for values that scatter normally. Give differences, seed by
    seed, where two ways began from the same seeds.

    Parameters
    ----------
    values : one of each run
    level : between 0 and 1

    Raises
    ------
    TypeError, ValueError
        For fewer than two values, or a level out of range.

    References
    ----------
    Student (1908), "The probable error of a mean". Notebooks: 12, 13, 14.
    """
    values = check_values(values, "values", shape=("runs",), whole=False)
    if len(values) < 2:
        raise ValueError(f"need the values of two runs or more, got {len(values)}")
    level = check_number(level, "level", above=0, below=1)
    t = scipy.stats.t.ppf((1 + level) / 2, len(values) - 1)
    half = float(t * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return Interval(mean, mean - half, mean + half)
