"""A recording that sings: its frames, spoken along a melody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.applications.lpc import LpcFrames, speak
from course_lib.audio import Clip
from course_lib.core import check_count, check_number
from course_lib.features.frames import hann


def sing(
    frames: LpcFrames,
    notes: Sequence[tuple[float | None, float]],
    *,
    vowel: int | None = None,
    vibrato: float = 0.3,
    breath_above: float = 2500.0,
    rng: np.random.Generator,
) -> Clip:
    """Hold one frame's mouth still and drive it with a melody.

    The pitch of note n is 440 * 2^((n - 69) / 12) Hz. It glides from note to note in 60 ms, and
    sways by `vibrato` semitones 5.5 times a second once a note has lasted a moment.

    Parameters
    ----------
    frames : the voice, from ``analyse``
    notes : (MIDI note number, seconds) each; None instead of a number is a rest. 69 is A4
    vowel : which frame to hold; None takes the loudest voiced one
    vibrato : in semitones either way; 0 for a straight tone
    breath_above : Hz above which the sound is breath
    rng : for the breath

    Raises
    ------
    TypeError, ValueError
        For no notes, a duration that is not above 0, a note so high that its pitch reaches a
        quarter of the sample rate, a frame that is not there, or no voiced frame to hold.
    """
    if len(notes) == 0:
        raise ValueError("need one or more notes, got none; try [(60, 0.5), (64, 0.5)]")
    vibrato = check_number(vibrato, "vibrato", minimum=0)
    breath_above = check_number(breath_above, "breath_above", above=0)
    vowel = frames.steadiest_vowel() if vowel is None else check_count(vowel, "vowel", minimum=0)
    if vowel >= len(frames):
        raise ValueError(f"need a vowel frame below {len(frames)}, got {vowel}")
    seconds = np.array([check_number(note[1], "seconds of a note", above=0) for note in notes])
    rate = frames.sample_rate / frames.hop_length
    counts = np.maximum(np.round(seconds * rate).astype(int), 1)
    melody, loudness = _score([note[0] for note in notes], counts, rate, vibrato)
    return speak(
        frames,
        np.full(len(melody), vowel),
        440.0 * 2.0 ** ((melody - 69.0) / 12.0),
        frames.level[vowel] * loudness,
        length=len(melody) * frames.hop_length,
        hop_length=float(frames.hop_length),
        breath_above=breath_above,
        rng=rng,
    )


def _score(
    notes: Sequence[float | None], counts: np.ndarray, frame_rate: float, vibrato: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the note number and the loudness (0 to 1) of every frame of a melody."""
    steps, loudness, sway = [], [], []
    current = next((n for n in notes if n is not None), 69.0)
    for note, count in zip(notes, counts, strict=True):
        current = current if note is None else check_number(note, "note")
        seconds = (np.arange(count) + 0.5) / frame_rate
        fade = np.minimum(seconds / 0.04, (count / frame_rate - seconds) / 0.04)
        steps.append(np.full(count, current))
        loudness.append(np.zeros(count) if note is None else np.clip(fade, 0, 1))
        sway.append(np.clip((seconds - 0.15) / 0.2, 0, 1) * np.sin(2 * np.pi * 5.5 * seconds))
    reach = max(round(0.03 * frame_rate), 1)
    glide = hann(2 * reach + 2)[1:]
    smooth = np.convolve(
        np.pad(np.concatenate(steps), reach, mode="edge"), glide / glide.sum(), "valid"
    )
    return smooth + vibrato * np.concatenate(sway), np.concatenate(loudness)
