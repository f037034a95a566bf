"""What every network checks before it draws a sound block by block."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Int

from course_lib.audio import Clip
from course_lib.core import Encoding, SignalLike, check_count, check_generator, check_number


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
    if (temperature := check_number(temperature, "temperature", below=math.inf)) < 0:
        raise ValueError(f"need a temperature of 0 or more, got {temperature:g}")
    if prompt is None:
        return length, block, temperature, np.empty(0, np.int64)
    if isinstance(prompt, Clip) and prompt.sample_rate != sample_rate:
        raise ValueError(
            f"need a prompt at {sample_rate} Hz, got {prompt.sample_rate} Hz; "
            "bring it there with audio.resample"
        )
    return length, block, temperature, encoding.encode(prompt)
