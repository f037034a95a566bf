"""A watermark: a whisper under the sound, in an order that only the owner of a key knows.

What a machine speaks should be known for what it is. `embed` adds noise that has gone through the
sound's own linear-predictive filter, some 22 dB below it: a whisper by the same mouth, which the
sound hides because it has the same colour and the same loudness at every moment. The noise is a
row of signs that repeats, and a secret key decides the signs. Whoever knows the key filters the
sound the other way round, so that sound and noise become white, and compares with the signs at
every possible delay: many small agreements add up. Without the key there is nothing to compare
with.

It is a lesson and no protection: a slight change of speed shifts the signs against the sound, and
the agreement is gone. Notebook: 18.

References
----------
Cox, Kilian, Leighton and Shamoon (1997), "Secure spread spectrum watermarking for multimedia",
IEEE Trans. Image Processing 6(12). Kirovski and Malvar (2003), "Spread-spectrum watermarking of
audio signals", IEEE Trans. Signal Processing 51(4).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from course_lib.applications.lpc import LpcFrames, analyse
from course_lib.audio import Clip
from course_lib.core import check_count, check_number, seeded
from course_lib.kernels.lattice import lattice_filter

PERIOD = 8192
"""Samples after which the signs repeat: what is cut off a sound moves them, and no more."""

STRENGTH = -22.0
"""dB of the noise, relative to the sound's own residual: a voice hides it."""

_QUIET = 1e-4  # of the loudest: a residual below this is silence, in which nothing is hidden


class Detection(NamedTuple):
    """What a search for one key found.

    Attributes
    ----------
    score : the largest agreement over all delays, in standard deviations
    chance : how probable it is that a sound without the mark agrees so well at any delay
    delay : samples by which the signs are late, 0 to PERIOD - 1
    """

    score: float
    chance: float
    delay: int


def embed(clip: Clip, key: int, *, strength: float = STRENGTH) -> Clip:
    """Return the clip with a mark under it.

    y = x + H(g s): with s the signs of the key, g the level of the sound's residual times
    10^(strength / 20), and H its own all-pole filter.

    Parameters
    ----------
    clip : mono, above 2000 Hz
    key : the secret, 0 or more
    strength : dB of the mark, relative to the residual

    Raises
    ------
    TypeError, ValueError
        As `lpc.analyse`, and for a silent clip, a key below 0 or a strength above 0 dB.
    """
    strength = check_number(strength, "strength", maximum=0)
    frames = analyse(clip)
    level = _level(frames)
    if not level.any():
        raise ValueError("need a sound to hide a mark in, got silence")
    signs = np.resize(signs_of(key), len(level))
    whisper = lattice_filter(
        10 ** (strength / 20) * level * signs, frames.reflection, float(frames.hop_length)
    )
    return clip.with_samples((clip.samples + whisper).astype(np.float32))


def detect(clip: Clip, key: int) -> Detection:
    """Look for the mark of a key, at every delay at once.

    The residual, divided by its level and cut at three standard deviations, is folded to one
    period. c[d] = sum_t folded[t] s[t - d] then costs two Fourier transforms. Without the mark
    every c[d] / sqrt(sum of squares) is nearly a standard normal number, so that the chance of
    one as large as z among PERIOD is at most PERIOD erfc(z / sqrt(2)) / 2.

    Raises
    ------
    TypeError, ValueError
        As `lpc.analyse`, and for a silent clip or a key below 0.
    """
    frames = analyse(clip)
    level = _level(frames)
    heard = level > 0
    if not heard.any():
        raise ValueError("need a sound to look for a mark in, got silence")
    white = np.zeros(len(level))
    white[heard] = np.clip(frames.residual[heard] / level[heard], -3, 3)
    folded = np.pad(white, (0, -len(white) % PERIOD)).reshape(-1, PERIOD).sum(axis=0)
    spectrum = np.fft.rfft(folded) * np.fft.rfft(signs_of(key)).conj()
    agreement = np.fft.irfft(spectrum, PERIOD) / math.sqrt(np.sum(white**2))
    delay = int(np.argmax(agreement))
    score = float(agreement[delay])
    chance = min(1.0, PERIOD * math.erfc(score / math.sqrt(2)) / 2)
    return Detection(score, chance, delay)


def signs_of(key: int) -> Float[np.ndarray, "period"]:
    """Return the signs of a key, -1 and 1, shape (PERIOD,)."""
    return 2.0 * seeded(check_count(key, "key", minimum=0)).integers(2, size=PERIOD) - 1


def _level(frames: LpcFrames) -> Float[np.ndarray, "time"]:
    """Return the running level of the residual, 0 where the sound is silent."""
    centres = np.arange(len(frames)) * frames.hop_length
    level = np.interp(np.arange(len(frames.residual)), centres, frames.gain)
    return np.where(level > _QUIET * level.max(), level, 0.0)
