"""Single spoken words of the recordings, trimmed to their sound, and their joining to sentences."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from course_lib.audio import Clip, check_clip, resample
from course_lib.core import check_count, check_number
from course_lib.corpora.catalogue import Catalogue, catalogue

LABELS = ("digit", "number", "ordinal", "day", "month", "letter")
SMALL_WORDS = (
    *("oh", "o'clock", "a m", "p m", "and", "at", "minus"),
    *("today", "tomorrow", "yesterday"),
)
LEFT_OUT = ("million", "millionth", "billion", "billionth", "zed")
# Nobody recorded these alone: from where to where they sound in a phrase, in seconds, as
# data/build/align.py finds. Phrases in which a pause or a stop stands on either side.
PIECES = (
    ("the", "speech/en/conf-nonextended", 0.0, 0.14),
    ("the", "speech/en/conf-now-muted", 0.0, 0.18),
    ("the", "speech/en/conf-now-recording", 0.0, 0.17),
    ("the", "speech/en/confbridge-unlocked", 0.0, 0.14),
    ("of", "speech/en/conf-roll-callcomplete", 0.62, 0.72),
    ("of", "speech/en/dir-last", 0.71, 0.8),
    ("of", "speech/en/vm-review-nonurgent", 2.73, 2.8),
)
SPELLED = {"a m": "am", "p m": "pm"}

FRAME = 0.01  # seconds
THRESHOLD = 40.0  # dB below the loudest frame
MARGIN = 0.02  # seconds, before and after
FADE = 0.005  # seconds
EDGE = 0.05  # seconds of silence before and after a joined sentence


def spoken_words(sample_rate: int = 16_000) -> Mapping[str, tuple[Clip, ...]]:
    """Return every word that the talking models can say, each as one or more recordings.

    Digits, numbers below a million, ordinals, days, months, letters, and the small words between
    them, all of Allison Smith's and all of the training split ("the" and "of" are cut out of
    phrases). A word has a key of its own, in
    lower case ("am" and "pm" are one word each); it is cut to where its level is within 40 dB of
    its loudest 10 ms, with a margin of 20 ms and fades of 5 ms. Differences of loudness between
    the recordings are halved (in dB).

    Parameters
    ----------
    sample_rate : Hz

    Notebook: 13.
    """
    return _spoken_words(catalogue(), check_count(sample_rate, "sample_rate"))


def word_recordings() -> Catalogue:
    """Return the recordings that `spoken_words` cuts its words from."""
    english, whole = _sources(catalogue())
    names = {*(recording.name for recording in whole), *(name for _, name, _, _ in PIECES)}
    return Catalogue(recording for recording in english if recording.name in names)


def join_words(clips: Sequence[Clip], *, pauses: Sequence[float]) -> Clip:
    """Return words one after another, with a pause after each but the last.

    50 ms of silence stand before the first word and after the last.

    Parameters
    ----------
    clips : the words, of one sample rate
    pauses : seconds, 0 or more; one fewer than there are clips

    Raises
    ------
    TypeError, ValueError
        For no clips, clips of different sample rates, or pauses of a wrong number or value.

    Notebook: 13.
    """
    rates = {check_clip(clip).sample_rate for clip in clips}
    if len(rates) != 1:
        raise ValueError(f"need one or more clips of one sample rate, got rates {sorted(rates)}")
    if len(pauses) != len(clips) - 1:
        raise ValueError(f"need one pause fewer than words, {len(clips) - 1}, got {len(pauses)}")
    pauses = [check_number(pause, "pause", minimum=0) for pause in pauses]
    (rate,) = rates
    parts: list[np.ndarray] = [_silence(EDGE, rate)]
    for clip, pause in zip(clips, (*pauses, EDGE), strict=True):
        parts += [clip.samples, _silence(pause, rate)]
    return Clip(np.concatenate(parts), rate)


def _silence(duration: float, sample_rate: int) -> Float[np.ndarray, "time"]:
    return np.zeros(round(duration * sample_rate), np.float32)


@functools.cache
def _spoken_words(recordings: Catalogue, sample_rate: int) -> Mapping[str, tuple[Clip, ...]]:
    takes: dict[str, list[Clip]] = {}
    for word, clip in _cut(recordings):
        takes.setdefault(word, []).append(trimmed(clip))
    levels = {word: [clip.rms for clip in clips] for word, clips in takes.items()}
    usual = float(np.median([level for several in levels.values() for level in several]))
    return MappingProxyType(
        {
            word: tuple(
                resample(clip.with_samples(clip.samples * np.sqrt(usual / clip.rms)), sample_rate)
                for clip in clips
            )
            for word, clips in sorted(takes.items())
        }
    )


def _sources(recordings: Catalogue) -> tuple[Catalogue, Catalogue]:
    """Return all that may be cut, and the recordings that are one word each."""
    english = recordings.select(language="en", split="train", voice="Allison Smith")
    vocabulary = {*english.select(label=LABELS).values("text"), *SMALL_WORDS} - {*LEFT_OUT}
    return english, english.select(text=vocabulary)


def _cut(recordings: Catalogue) -> Iterator[tuple[str, Clip]]:
    """Yield each word with a recording of it, by the order of the manifest."""
    english, whole = _sources(recordings)
    for recording in whole:
        yield SPELLED.get(recording.text, recording.text), recording.load()
    for word, name, start, stop in PIECES:
        yield word, english[name].load().cut(start, stop)


def trimmed(clip: Clip) -> Clip:
    """Return the clip from its first two loud frames to its last two, with margins and fades."""
    hop = round(FRAME * clip.sample_rate)
    frames = clip.samples[: len(clip) // hop * hop].reshape(-1, hop).astype(np.float64)
    power = np.mean(frames**2, axis=1)
    loud = power > power.max() * 10 ** (-THRESHOLD / 10)
    sound = np.flatnonzero(loud[:-1] & loud[1:])  # one loud frame alone is a click of the lips
    margin = round(MARGIN * clip.sample_rate)
    start, stop = sound[0] * hop - margin, (sound[-1] + 2) * hop + margin
    samples = clip.samples[max(start, 0) : stop].astype(np.float64)
    fade = round(FADE * clip.sample_rate)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    samples[:fade] *= ramp
    samples[-fade:] *= ramp[::-1]
    return clip.with_samples(samples)
