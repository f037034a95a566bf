"""Reading and writing sound files through soundfile (libsndfile)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from course_lib.audio.clip import Clip


def read(path: str | os.PathLike[str], *, channel: int | None = None) -> Clip:
    """Read a sound file (WAV, FLAC, Ogg, MP3, ...) as a Clip at its own sample rate.

    Parameters
    ----------
    path : the file
    channel : which channel of a file that has several, from 0; None insists on a mono file

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        For a file that is not sound, is cut short or empty, has several channels while
        `channel` is None, lacks that channel, or holds NaN or infinity.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"need a sound file, but there is no file {path}")
    try:
        samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
        promised = soundfile.info(path).frames
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"need a complete sound file, but {path} could not be read ({error.error_string}); "
            "WAV, FLAC, Ogg and MP3 will do"
        ) from error
    if len(samples) == 0 or len(samples) < promised:
        raise ValueError(
            f"need a complete sound file, but {path} ends after {len(samples)} of "
            f"{promised} samples; copy or download it again"
        )
    channels = samples.shape[1]
    if channel is None and channels > 1:
        raise ValueError(
            f"need a mono file, but {path} has {channels} channels; "
            f"pass channel=0 to channel={channels - 1}"
        )
    if channel is not None and not 0 <= channel < channels:
        raise ValueError(f"need a channel from 0 to {channels - 1} of {path}, got {channel}")
    return Clip(np.ascontiguousarray(samples[:, channel or 0]), sample_rate)


def write(
    path: str | os.PathLike[str], clip: Clip, *, overwrite: bool = False, subtype: str = "PCM_16"
) -> Path:
    """Write a Clip to a file whose ending names the format; all of it appears, or nothing.

    Parameters
    ----------
    path : where to; the folder must exist
    clip : the sound, within [-1, 1]
    overwrite : replace a file that is there already
    subtype : the sample format, one that ``soundfile.available_subtypes`` lists

    Raises
    ------
    FileExistsError
        Where the file exists and `overwrite` is False.
    FileNotFoundError
        Where the folder does not exist.
    ValueError
        For a clip beyond [-1, 1], or an ending or subtype that soundfile does not write.
    """
    path = Path(path)
    form = path.suffix.lstrip(".").upper()
    if not soundfile.check_format(form, subtype):
        raise ValueError(
            f"cannot write {path.name!r} as {subtype}; "
            "name a file that ends in .wav or .flac, or pass another subtype"
        )
    if clip.peak > 1.0:
        raise ValueError(
            f"need samples within [-1, 1] to write, got a peak of {clip.peak:.3f}; "
            "scale the clip with clip.with_peak(0.9)"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {path.parent}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already; pass overwrite=True to replace it")
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        soundfile.write(temporary, clip.samples, clip.sample_rate, subtype=subtype, format=form)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
