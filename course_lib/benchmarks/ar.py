"""Group `ar`: linear prediction against librosa and statsmodels, the codec against FLAC."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import soundfile

from course_lib.applications import lossless
from course_lib.audio import Clip
from course_lib.benchmarks.measure import Missing, Row, faster, if_installed
from course_lib.core import seeded
from course_lib.corpora import speech
from course_lib.evaluation import bits_per_sample
from course_lib.features.quantise import MuLaw
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.models.linear.ar import AR, Method
from course_lib.models.linear.linear_prediction import fit_frames

ORDER = 16
SPEECH_RATE = 8000


def rows() -> Iterator[Row | Missing]:
    """Yield the group's rows, the slowest last."""
    short, long = _speechlike(100_000), _speechlike(1_000_000)
    frames = short.reshape(-1, 400)
    frames = np.concatenate([frames] * 4)
    for peer, compare in (
        ("librosa", functools.partial(_burg, short, long, frames)),
        ("statsmodels", functools.partial(_yule_walker, short, frames)),
    ):
        yield from if_installed(peer, compare)
    yield _bits_per_sample()
    yield _codec_size()


def _speechlike(length: int) -> np.ndarray:
    """Return noise through a vowel's filter: the speed does not depend on the sound."""
    vowel = AR(np.array([1.6, -1.1, 0.5, -0.3]), 1e-4)
    return vowel.sample(length, rng=seeded(3))[0]


def _burg(short: np.ndarray, long: np.ndarray, frames: np.ndarray) -> Iterator[Row]:
    import librosa

    for x, goal in ((short, 5.0), (long, 3.0)):
        yield faster(
            f"Burg, order {ORDER}, {len(x):,} samples",
            functools.partial(_our_phi, x, "burg"),
            functools.partial(_librosas_phi, librosa, x),
            goal=goal,
            peer="librosa",
        )
    yield faster(
        f"Burg, order {ORDER}, {len(frames):,} frames of {frames.shape[1]}",
        lambda: fit_frames(frames, ORDER, method="burg").phi,
        functools.partial(_librosas_phi, librosa, frames),
        goal=7.0,
        peer="librosa",
    )


def _our_phi(x: np.ndarray, method: Method) -> np.ndarray:
    return AR.fit(x, ORDER, method=method).phi


def _librosas_phi(librosa: Any, x: np.ndarray) -> np.ndarray:
    return -librosa.lpc(x, order=ORDER)[..., 1:]


def _yule_walker(short: np.ndarray, frames: np.ndarray) -> Iterator[Row]:
    from statsmodels.regression.linear_model import yule_walker

    # method="mle" divides by N at every lag, as we do; demean=False keeps the mean, as we do.
    def theirs(x: np.ndarray) -> np.ndarray:
        return yule_walker(x, ORDER, method="mle", demean=False, result_object=True).rho

    yield faster(
        f"Yule-Walker, order {ORDER}, {len(short):,} samples",
        functools.partial(_our_phi, short, "yule-walker"),
        functools.partial(theirs, short),
        goal=4.0,
        peer="statsmodels",
    )
    yield faster(
        f"Yule-Walker, order {ORDER}, {len(frames):,} frames of {frames.shape[1]}",
        lambda: fit_frames(frames, ORDER, method="yule-walker").phi,
        lambda: np.array([theirs(frame) for frame in frames]),
        goal=50.0,
        peer="statsmodels",
    )


def _held_out() -> list[Clip]:
    return [prompt.load(SPEECH_RATE) for prompt in speech(language="en", split="test")]


def _bits_per_sample() -> Row:
    """The classical line; its peer is the eight bits that a sample takes uncompressed."""
    encoding = MuLaw()
    bits = bits_per_sample(AdaptiveAR(), _held_out(), encoding).bits
    plain = float(np.log2(encoding.levels))
    return Row(
        f"adaptive AR({ORDER}) on the held-out prompts, bits per {encoding.name} sample",
        bits, 4.2, encoding.name, bits, plain, "bits", at_most=True,
    )  # fmt: skip


def _codec_size() -> Row:
    own = flac = 0
    for clip in _held_out():
        samples = lossless.to_pcm16(clip)
        own += len(lossless.encode(samples, clip.sample_rate))
        flac += flac_bytes(samples, clip.sample_rate)
    return Row(
        "lossless codec on the held-out prompts, bytes",
        own / flac, 1.05, f"FLAC level 8 ({soundfile.__libsndfile_version__})",
        own, flac, "bytes", at_most=True,
    )  # fmt: skip


def flac_bytes(samples: np.ndarray, sample_rate: int) -> int:
    """Return the size of 16-bit samples as a FLAC file, at libsndfile's strongest setting."""
    return len(flac(samples, sample_rate))


def flac(samples: np.ndarray, sample_rate: int, subtype: str = "PCM_16") -> bytes:
    """Return int16 samples as a FLAC file, at libsndfile's strongest setting.

    Parameters
    ----------
    samples : int16, shape (time,)
    sample_rate : Hz
    subtype : "PCM_16", or "PCM_S8" of samples whose lower byte is zero
    """
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, format="FLAC", subtype=subtype, compression_level=1)
    return file.getvalue()
