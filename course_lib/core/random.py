"""Random generators: every draw comes from a numpy Generator that the caller made."""

from __future__ import annotations

import numpy as np

from course_lib.core.checks import check_count, check_generator


def seeded(seed: int) -> np.random.Generator:
    """Return the generator for a whole, non-negative seed.

    Raises
    ------
    TypeError, ValueError
        For a seed that is fractional or negative.
    """
    return np.random.default_rng(check_count(seed, "seed", minimum=0))


def spawn(rng: np.random.Generator, count: int) -> list[np.random.Generator]:
    """Return one independent generator for each of `count` signals.

    The i-th child is the same whatever `count` is, so that asking for more sounds never changes
    the first ones. Spawning advances `rng`'s spawn counter: a second call gives new children.
    """
    return check_generator(rng).spawn(check_count(count, "count"))
