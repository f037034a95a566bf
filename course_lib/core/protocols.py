"""The questions that every model of the course answers, as typing protocols.

A model offers only what it can do: a GAN has no likelihood, and says so by lacking the method.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from course_lib.core.checks import SignalLike
from course_lib.core.likelihood import Likelihood


@runtime_checkable
class Sampler(Protocol):
    """A model that makes sound."""

    def sample(
        self, length: int, *, count: int = 1, rng: np.random.Generator
    ) -> Float[np.ndarray, "count length"]:
        """Draw `count` signals of `length` samples; the i-th does not depend on `count`."""


@runtime_checkable
class BlockSampler(Sampler, Protocol):
    """A model that makes sound from left to right, so that it can be heard while it is made."""

    def blocks(
        self, length: int, *, rng: np.random.Generator, **settings: Any
    ) -> Iterator[Float[np.ndarray, "time"]]:
        """Yield, block by block, what `sample` would return as one signal."""


@runtime_checkable
class Speaker(Protocol):
    """A model that reads text aloud."""

    def words(self, text: str) -> tuple[str, ...]:
        """Return the words that a text is read as."""

    def say(self, text: str, *, rng: np.random.Generator, **settings: Any) -> Any:
        """Return the text read aloud, an `audio.Clip`."""


@runtime_checkable
class FrameVocoder(Protocol):
    """A model that turns mel frames into sound in one pass."""

    @property
    def config(self) -> Any:
        """What it is made of; sample_rate, bands, window_length and hop_length of the frames."""

    def vocode(self, frames: Float[np.ndarray, "frames bands"]) -> Float[np.ndarray, "time"]:
        """Return the sound of the frames, from the middle of the first to that of the last."""


@runtime_checkable
class Scorer(Protocol):
    """A model with a probability density over waveforms."""

    def log_likelihood(self, x: SignalLike) -> Likelihood:
        """Return log p(x), a density over the amplitudes of the whole signal."""


@runtime_checkable
class LabelledScorer(Protocol):
    """A model with a probability density over the waveforms of each of its classes."""

    def scorer(
        self,
        label: str | None,
        *,
        rng: np.random.Generator,
        kind: Literal["estimate", "lower bound"] = "estimate",
    ) -> Scorer:
        """Return the density of one class, or of any; `rng` draws what it estimates with."""


@runtime_checkable
class Encoding(Protocol):
    """A grid of levels that amplitudes are rounded to; scores are compared within one grid."""

    @property
    def name(self) -> str: ...

    @property
    def levels(self) -> int:
        """The number of levels; codes run from 0 to levels - 1."""

    def encode(self, x: SignalLike) -> Int[np.ndarray, "time"]:
        """Return the level of each amplitude in [-1, 1]."""

    def decode(self, codes: Int[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Return the amplitude that stands for each level."""

    def edges(self) -> Float[np.ndarray, "levels_plus_1"]:
        """Return the ascending amplitudes between which the levels' bins lie."""

    def log_width(self, codes: Int[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Return the natural logarithm of the width of each code's bin, in amplitude."""


@runtime_checkable
class LevelScorer(Protocol):
    """A model with a probability for each sequence of levels, read off without dithering."""

    def level_log_likelihood(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Likelihood:
        """Return log P(codes), a probability over sequences of levels of `encoding`."""
