"""What the codec of speech is asked: what its bits buy, beside codecs that are at hand."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import soundfile

from course_lib.audio import Clip
from course_lib.core import seeded
from course_lib.corpora import speech
from course_lib.evaluation.vocoding import mel_distance
from course_lib.features import MuLaw, griffin_lim, magnitude_from_log_mel
from course_lib.models.latent.quantise import perplexity
from course_lib.models.latent.residual import ITERATIONS, SpeechCodec
from course_lib.zoo.exams.talkers import recordings, word_error
from course_lib.zoo.prompts import prepared

SENTENCES = 40
"""Joined from recordings, by which a recogniser judges."""

LONGEST = 24
"""Of the test prompts, so many of the longest, are compared: short ones are mostly silence."""


class Coded(NamedTuple):
    """A recording that has passed through a codec.

    Attributes
    ----------
    clip : of the same length
    bits : in which it was written; NaN where no bits are counted
    """

    clip: Clip
    bits: float


Way: TypeAlias = Callable[[Clip], Coded]
"""Through a codec and back."""


def through_codec(codec: SpeechCodec, *, stages: int | None = None) -> Way:
    """Return the way through a codec of the zoo, with the first so many stages."""

    def way(clip: Clip) -> Coded:
        codes = codec.encode(clip, stages=stages)
        bits = codes.size * np.log2(codec.config.codes)
        return Coded(_cut(codec.decode(codes, rng=seeded(1)), clip), bits)

    return way


def through_frames(codec: SpeechCodec) -> Way:
    """Return the way through the codec's frames, unrounded, and Griffin and Lim's search."""
    config = codec.config

    def way(clip: Clip) -> Coded:
        magnitude = magnitude_from_log_mel(
            codec.seen(clip), config.sample_rate, config.window_length
        )
        sound = griffin_lim(
            magnitude, hop_length=config.hop_length, iterations=ITERATIONS, rng=seeded(1)
        )
        return Coded(_cut(sound / max(1.0, float(np.abs(sound).max())), clip), float("nan"))

    return way


def through_mu_law(levels: int) -> Way:
    """Return the way through mu-law levels, codes all of one length."""
    encoding = MuLaw(levels)

    def way(clip: Clip) -> Coded:
        codes = encoding.encode(clip)
        back = encoding.decode(codes).astype(np.float32)
        return Coded(Clip(back, clip.sample_rate), len(codes) * float(np.log2(levels)))

    return way


def through_file(container: str, subtype: str, *, compression: float | None = None) -> Way:
    """Return the way through a file that soundfile writes, headers counted.

    Parameters
    ----------
    container, subtype : of soundfile, such as "OGG" and "OPUS"
    compression : from 0 to 1, the smallest file; None where there is none to choose
    """

    def way(clip: Clip) -> Coded:
        file = io.BytesIO()
        settings = {} if compression is None else {"compression_level": compression}
        soundfile.write(file, clip.samples, clip.sample_rate, subtype, format=container, **settings)
        bits = 8 * len(file.getvalue())
        file.seek(0)
        back, _ = soundfile.read(file, dtype="float32")
        return Coded(_cut(back, clip), bits)

    return way


def _cut(sound: np.ndarray, clip: Clip) -> Clip:
    """Return a sound cut or filled up to a clip's length."""
    filled = np.zeros(len(clip), np.float32)
    filled[: len(sound)] = sound[: len(clip)]
    return Clip(filled.clip(-1, 1), clip.sample_rate)


def longest_clips(codec: SpeechCodec, *, count: int = LONGEST) -> list[Clip]:
    """Return the longest test prompts."""
    longest = sorted(speech(language="en", split="test"), key=lambda r: (-r.seconds, r.name))
    return [prepared(each.load(codec.config.sample_rate)) for each in longest[:count]]


class Quality(NamedTuple):
    """What a codec costs, and how near it comes.

    Attributes
    ----------
    rate : bits a second
    distance : `evaluation.mel_distance` from the originals in dB, the mean over clips
    error : standard error of that mean
    """

    rate: float
    distance: float
    error: float


def quality(way: Way, clips: Sequence[Clip]) -> Quality:
    """Return what a codec costs and how near it comes, on these clips, as `coding_quality`."""
    return coding_quality([way(clip) for clip in clips], clips)


def coding_quality(coded: Sequence[Coded], clips: Sequence[Clip]) -> Quality:
    """Return what was paid for coded clips, and how near they come to the originals.

    Raises
    ------
    ValueError
        For fewer than two clips, which have no standard error, or not one coded clip for each.
    """
    if len(clips) < 2:
        raise ValueError(f"need two clips or more to compare, got {len(clips)}")
    if len(coded) != len(clips):
        raise ValueError(f"need a coded clip for each of {len(clips)}, got {len(coded)}")
    distances = [mel_distance(x, each.clip) for x, each in zip(clips, coded, strict=True)]
    rate = sum(each.bits for each in coded) / sum(clip.duration for clip in clips)
    error = float(np.std(distances, ddof=1) / np.sqrt(len(clips)))
    return Quality(float(rate), float(np.mean(distances)), error)


def words_misheard(way: Way, *, count: int = SENTENCES, which: str = "numbers") -> dict[str, Any]:
    """Return how many words of joined sentences a recogniser gets wrong after a codec."""

    def read(texts: Sequence[tuple[str, ...]]) -> Any:
        return (way(clip).clip for clip in recordings(texts))

    found: dict[str, Any] = word_error(read, which, count=count).as_json()
    return found


def frame_error(codec: SpeechCodec, split: str, *, stages: int | None = None) -> float:
    """Return the mean absolute error of the log-mel frames of a split's prompts, in nats."""
    error, values = 0.0, 0
    for each in speech(language="en", split=split):
        clip = prepared(each.load(codec.config.sample_rate))
        frames = codec.seen(clip)
        again = codec.frames(codec.encode(clip, stages=stages))[: len(frames)]
        error, values = error + float(np.abs(again - frames).sum()), values + frames.size
    return error / values


def codec_scores(codec: SpeechCodec) -> dict[str, Any]:
    """Return what the card of the codec says; others stand beside it."""
    clips, config = longest_clips(codec), codec.config
    codes = np.concatenate([codec.encode(clip) for clip in clips])
    own = quality(through_codec(codec), clips)
    ways = {
        **{f"{s} stages": through_codec(codec, stages=s) for s in (1, 2, 4) if s < config.stages},
        "mel and Griffin-Lim": through_frames(codec),
        "mu-law, 4 bits": through_mu_law(16),
        "Ogg Opus, smallest": through_file("OGG", "OPUS", compression=1.0),
    }
    found: dict[str, Any] = {
        "bits per second": config.bits_per_second(),
        "mel distance, dB": own.distance,
        "standard error, dB": own.error,
        "error of frames, nats": frame_error(codec, "test"),
        "perplexity of stages": [perplexity(column, config.codes) for column in codes.T],
    }
    for name, way in ways.items():
        found[f"mel distance, dB, {name}"] = quality(way, clips).distance
    if find_spec("pocketsphinx"):
        found["word error"] = words_misheard(through_codec(codec))
        found["word error, mel and Griffin-Lim"] = words_misheard(ways["mel and Griffin-Lim"])
    return found
