"""Group `coding`: files of held-out speech by models that share out probability exactly, and FLAC.

The middle of every held-out recording of speech, of all five languages, goes into a file of its
own and comes back; a row counts only if every level of every file does. FLAC has all the pieces in
one file, and so only one header.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import soundfile

from course_lib import zoo
from course_lib.applications.compression import compress, decompress
from course_lib.applications.exact import ExactAR, ExactModel
from course_lib.applications.exact_networks import exact_network
from course_lib.benchmarks.ar import flac
from course_lib.benchmarks.measure import Row
from course_lib.corpora import speech
from course_lib.features import MuLaw

RATE = 8000
SECONDS = {"adaptive AR": 1.0, "gru-speech": 0.5, "lstm-speech": 0.5, "wavenet-speech": 0.1}
"""Of each recording, by the model that codes it: a minute or three of one core for each."""


def rows() -> Iterator[Row]:
    """Yield the group's rows."""
    for name, seconds in SECONDS.items():
        model = ExactAR(MuLaw()) if name not in zoo.names() else exact_network(zoo.load(name))
        pieces = middles(seconds)
        ours = sum(len(restored(piece, model, name=name)) for piece in pieces)
        theirs = len(bytes_of_flac(np.concatenate(pieces)))
        yield Row(
            f"{name}, {len(pieces)} files of {seconds:g} s or less, all restored",
            ours / theirs,
            1.0,
            f"FLAC level 8 ({soundfile.__libsndfile_version__})",
            ours,
            theirs,
            "bytes",
            at_most=True,
        )


def middles(seconds: float) -> list[np.ndarray]:
    """Return the levels of so many seconds amid each held-out recording of speech."""
    length, found = round(seconds * RATE), []
    for recording in speech(split="test"):
        codes = MuLaw().encode(recording.load(RATE))
        first = max(0, len(codes) - length) // 2
        found.append(codes[first : first + length])
    return found


def restored(codes: np.ndarray, model: ExactModel, *, name: str) -> bytes:
    """Return the file of these levels, from which they came back.

    Raises
    ------
    ArithmeticError
        Where they did not: then its size means nothing.
    """
    data = compress(codes, model, name=name, sample_rate=RATE)
    if not np.array_equal(decompress(data, model), codes):
        raise ArithmeticError(f"{name}: {len(codes)} levels do not come back")
    return data


def bytes_of_flac(codes: np.ndarray) -> bytes:
    """Return 8-bit levels as a FLAC file of 8-bit samples."""
    return flac(((codes - 128) << 8).astype(np.int16), RATE, "PCM_S8")
