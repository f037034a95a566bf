"""The one way in which models report how well they predict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

LikelihoodKind = Literal["exact", "lower bound", "estimate"]
_WEAKEST_LAST: tuple[LikelihoodKind, ...] = get_args(LikelihoodKind)


@dataclass(frozen=True)
class Likelihood:
    """A log-likelihood in nats, and what kind of number it is.

    ``exact`` is the model's own log probability (or density); ``lower bound`` is never above
    it (a variational bound, a dithered density); ``estimate`` may lie on either side.
    Likelihoods add: the sum over independent clips keeps the weakest kind among its parts.
    """

    nats: float
    kind: LikelihoodKind = "exact"

    def __post_init__(self) -> None:
        if self.kind not in _WEAKEST_LAST:
            raise ValueError(f"need a kind out of {_WEAKEST_LAST}, got {self.kind!r}")
        if math.isnan(self.nats):
            raise ValueError("need a number of nats, got NaN")

    @property
    def bits(self) -> float:
        """The log-likelihood in bits, log2 P = nats / ln 2."""
        return self.nats / math.log(2)

    def __add__(self, other: Likelihood) -> Likelihood:
        if not isinstance(other, Likelihood):
            return NotImplemented
        return Likelihood(
            self.nats + other.nats, max(self.kind, other.kind, key=_WEAKEST_LAST.index)
        )
