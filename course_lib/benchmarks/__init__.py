"""Speed and size against other libraries, one file a group; `course bench` prints the tables."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from course_lib.benchmarks.measure import Missing, Row, place

__all__ = ["GROUPS", "Missing", "Row", "place", "run"]

GROUPS = ("ar", "arima", "coding", "diffusion", "em", "mel", "rbm", "samplers", "training")
"""The groups that there are; each is a module of this package with a function ``rows()``."""


def run(group: str) -> Iterator[Row | Missing]:
    """Yield a group's rows as they are measured; a peer that is not installed yields a Missing.

    Raises
    ------
    ValueError
        For a group that there is not.
    """
    if group not in GROUPS:
        raise ValueError(f"need a group out of {', '.join(GROUPS)}, got {group!r}")
    return importlib.import_module(f"course_lib.benchmarks.{group}").rows()
