"""The log-mel frames that talkers make, and from frames to sound."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from course_lib.audio import Clip, check_clip
from course_lib.features import griffin_lim, log_mel, magnitude_from_log_mel

SAMPLE_RATE, WINDOW_LENGTH, HOP_LENGTH, BANDS = 16_000, 800, 200, 80
"""The frames that talkers make: those that the course's vocoder listens to."""

SILENT = math.log(1e-5)
"""What log_mel says of silence."""

LEVEL = 10 ** (-17.25 / 20)
"""The root mean square of what is said: the mean, in dB, over the prompts that last over 2 s.

    prompts = catalogue().select(language="en", voice="Allison Smith")
    np.mean([20 * np.log10(prompt.load().rms) for prompt in prompts if prompt.seconds > 2])"""

KNEE = 0.8
"""Samples beyond it are bent towards 1, so that no peak is cut off."""

Vocoder: TypeAlias = Callable[
    [Float[np.ndarray, "frames bands"], np.random.Generator], Float[np.ndarray, "time"]
]
"""From log-mel frames to samples at 16 kHz."""


def at_level(samples: Float[np.ndarray, "time"]) -> Float[np.ndarray, "time"]:
    """Return samples with the root mean square `LEVEL`, and every peak below 1; silence stays.

    Beyond the knee k, |x| becomes k + (1 - k) tanh((|x| - k) / (1 - k)).
    """
    level = np.sqrt(np.mean(np.square(samples, dtype=np.float64)))
    if level == 0:
        return samples
    scaled = samples * (LEVEL / level)
    over = np.maximum(np.abs(scaled) - KNEE, 0)
    bent = KNEE + (1 - KNEE) * np.tanh(over / (1 - KNEE))
    return np.where(over > 0, np.copysign(bent, scaled), scaled)


def frames_of(clip: Clip) -> Float[np.ndarray, "frames bands"]:
    """Return the log-mel frames of a recording as talkers make them, in float32.

    Raises
    ------
    TypeError, ValueError
        For something other than a Clip at 16 kHz.
    """
    if check_clip(clip).sample_rate != SAMPLE_RATE:
        raise ValueError(
            f"need a clip at {SAMPLE_RATE} Hz, got {clip.sample_rate} Hz; use audio.resample"
        )
    return log_mel(clip, window_length=WINDOW_LENGTH, hop_length=HOP_LENGTH, bands=BANDS).astype(
        np.float32
    )


def griffin_lim_vocoder(
    frames: Float[np.ndarray, "frames bands"], rng: np.random.Generator
) -> Float[np.ndarray, "time"]:
    """Return samples with about these log-mel frames, by Griffin and Lim's search for phases.

    Notebooks: 01, 13.
    """
    magnitude = magnitude_from_log_mel(frames, SAMPLE_RATE, WINDOW_LENGTH)
    return griffin_lim(magnitude, hop_length=HOP_LENGTH, iterations=60, rng=rng)
