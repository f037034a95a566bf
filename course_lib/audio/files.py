"""Reading and writing sound files through soundfile (libsndfile)."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import soundfile

from course_lib.audio.clip import Clip, check_clip
from course_lib.core import check_count, check_signal, replacing

_WRITTEN = (".wav", ".flac")
_STREAMED = 0x7FFF0000  # programs that write to a pipe promise about 2 or 4 GB


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
    TypeError
        For a channel that is not a whole number.
    ValueError
        For a file that is not sound, is empty or cut short (which WAV and FLAC reveal, Ogg and
        MP3 do not), has several channels while `channel` is None, lacks that channel, or holds
        NaN or infinity.
    """
    path = Path(path)
    if not path.is_file():
        what = "a folder" if path.is_dir() else "not there"
        raise FileNotFoundError(f"need a sound file, but {path} is {what}")
    _check_length(path)
    try:
        samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: a headerless .raw file
        raise ValueError(
            f"need a complete sound file, but {path} could not be read ({error}); "
            "WAV, FLAC, Ogg and MP3 will do"
        ) from error
    channels = samples.shape[1]
    if channel is None and channels > 1:
        raise ValueError(
            f"need a mono file, but {path} has {channels} channels; "
            f"pass channel=0 to channel={channels - 1}"
        )
    if channel is not None and check_count(channel, "channel", minimum=0) >= channels:
        raise ValueError(f"need a channel from 0 to {channels - 1} of {path}, got {channel}")
    return Clip(check_signal(samples[:, channel or 0], name=str(path)), sample_rate)


def _check_length(path: Path) -> None:
    """Refuse a WAV file shorter than its header promises, which libsndfile would shorten."""
    with path.open("rb") as file:
        header = file.read(8)
    if header[:4] == b"RIFF" and len(header) == 8:
        promised = struct.unpack("<I", header[4:])[0] + 8
        actual = path.stat().st_size
        if actual < promised < _STREAMED:
            raise ValueError(
                f"need a complete sound file, but {path} ends after {actual} of "
                f"{promised} bytes; copy or download it again"
            )


def write(path: str | os.PathLike[str], clip: Clip, *, overwrite: bool = False) -> Path:
    """Write a Clip as 16-bit WAV or FLAC, rounded to the nearest level k / 32768.

    All of the file appears, or nothing.

    Parameters
    ----------
    path : where to, ending in .wav or .flac; the folder must exist
    clip : the sound, within [-1, 1]
    overwrite : replace a file that is there already

    Raises
    ------
    FileExistsError
        Where the file exists and `overwrite` is False.
    FileNotFoundError
        Where the folder does not exist.
    OSError
        Where the folder may not be written to, or the disk is full.
    TypeError
        For something that is not a Clip.
    ValueError
        For a clip beyond [-1, 1], or another ending.
    """
    path = Path(path)
    if path.suffix.lower() not in _WRITTEN:
        raise ValueError(f"need a file name that ends in .wav or .flac, got {path.name!r}")
    if check_clip(clip).peak > 1.0:
        raise ValueError(
            f"need samples within [-1, 1] to write, got a peak of {clip.peak:.3f}; "
            "scale the clip with clip.with_peak(0.9)"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {path.parent}")
    if path.is_dir() or (path.exists() and not overwrite):
        raise FileExistsError(f"{path} exists already; pass overwrite=True to replace a file")
    # Rounded here: libsndfile rounds down for WAV and to the nearest for FLAC.
    levels = np.clip(np.rint(clip.samples * np.float32(32768)), -32768, 32767).astype(np.int16)
    with replacing(path, overwrite=overwrite) as temporary:
        try:
            soundfile.write(temporary, levels, clip.sample_rate, subtype="PCM_16")
        except soundfile.LibsndfileError as error:
            raise OSError(f"cannot write {path}: is the disk full?") from error
    return path
