"""What the networks of this family share: they score and draw level after level."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.audio import Clip
from course_lib.core import (
    Encoding,
    Likelihood,
    SignalLike,
    check_codes,
    check_count,
    check_generator,
    check_number,
    spawn,
)


class LevelNetwork(nn.Module):
    """A network that gives each level a probability, and draws level after level.

    A subclass has `config` (with `encoding`), `level_log_probabilities` and `stream`; what else
    these take, such as a voice, `level_log_likelihood` and `sample` hand on.
    """

    config: Any
    level_log_probabilities: Callable[..., Float[np.ndarray, "time"]]
    """ln P(c_t | c_1, ..., c_{t-1}, conditions) for every t, of codes and their encoding."""
    stream: Callable[..., Iterator[Float[np.ndarray, "time"]]]
    """Yields a sound block by block, as it is drawn."""

    def level_log_likelihood(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding, **conditions: Any
    ) -> Likelihood:
        """Return ln P(c_1, ..., c_N): the sum of `level_log_probabilities`; takes what it takes."""
        return Likelihood(float(self.level_log_probabilities(codes, encoding, **conditions).sum()))

    def sample(
        self, length: int, *, count: int = 1, rng: np.random.Generator, **settings: Any
    ) -> Float[np.ndarray, "count length"]:
        """Draw `count` sounds of `length` samples; settings and errors as in `stream`."""
        length, rngs = check_count(length, "length"), spawn(rng, count)
        return np.stack([np.concatenate([*self.stream(length, rng=r, **settings)]) for r in rngs])

    def blocks(
        self, length: int, *, rng: np.random.Generator, **settings: Any
    ) -> Iterator[Float[np.ndarray, "time"]]:
        """Yield, block by block, the sound that `sample` returns for this generator."""
        (own,) = spawn(rng, 1)
        return self.stream(length, rng=own, **settings)

    def _check_codes(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Int[np.ndarray, "time"]:
        if encoding != self.config.encoding:
            raise ValueError(
                f"need codes of this network's encoding, {self.config.encoding.name}, "
                f"got {encoding.name}; a network is trained for one encoding"
            )
        return check_codes(codes, encoding.levels)


class UnconditionedNetwork(LevelNetwork):
    """A level network that hears nothing but levels: its `stream` takes no condition.

    A subclass has `config` (with `sample_rate` as well) and `_blocks`.
    """

    _blocks: Callable[..., Iterator[Float[np.ndarray, "time"]]]
    """What `stream` returns, of checked (length, block, rng, temperature, the prompt's codes)."""
    step: Callable[..., tuple[Tensor, Any]]
    """Logits and state after one code more, (batch,), where a network can say them singly."""

    def stream(
        self,
        length: int,
        *,
        rng: np.random.Generator,
        temperature: float = 1.0,
        prompt: SignalLike | None = None,
        block: int = 2000,
    ) -> Iterator[Float[np.ndarray, "time"]]:
        """Yield a sound block by block, as it is drawn, so that a caller may show or stop it.

        Ancestral sampling by the compiled loop: the codes are those of `sample_step_by_step` for
        the same uniform numbers, up to rounding in float32.

        Parameters
        ----------
        length : samples in all, not counting the prompt
        rng : the caller's generator
        temperature : 1 samples what was learned; lower is safer; 0 takes the likeliest level, or
            the middle of the likeliest law
        prompt : a sound to go on from, at the network's sample rate
        block : samples in a block

        Raises
        ------
        TypeError, ValueError
            For counts below 1, a negative temperature, or a prompt of another sample rate or that
            the encoding refuses.
        """
        length, block, temperature, past = check_stream(
            length, block, rng, temperature, prompt,
            encoding=self.config.encoding, sample_rate=self.config.sample_rate,
        )  # fmt: skip
        return self._blocks(length, block, rng, temperature, past)


def check_stream(
    length: int,
    block: int,
    rng: np.random.Generator,
    temperature: float,
    prompt: SignalLike | None,
    *,
    encoding: Encoding,
    sample_rate: int,
) -> tuple[int, int, float, Int[np.ndarray, "time"]]:
    """Return length, block, temperature, and the prompt's codes (none without a prompt).

    Raises
    ------
    TypeError, ValueError
        For counts below 1, something other than a generator, a negative temperature, or a prompt
        of another sample rate or that the encoding refuses.
    """
    length, block = check_count(length, "length"), check_count(block, "block")
    check_generator(rng)
    temperature = check_number(temperature, "temperature", minimum=0)
    if prompt is None:
        return length, block, temperature, np.empty(0, np.int64)
    if isinstance(prompt, Clip) and prompt.sample_rate != sample_rate:
        raise ValueError(
            f"need a prompt at {sample_rate} Hz, got {prompt.sample_rate} Hz; "
            "bring it there with audio.resample"
        )
    return length, block, temperature, encoding.encode(prompt)
