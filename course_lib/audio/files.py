"""Reading and writing sound files through soundfile (libsndfile)."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from course_lib.audio.clip import Clip, check_clip, check_length, check_rate
from course_lib.audio.headers import check_complete, without_length
from course_lib.core import check_count, check_signal, check_writable, replacing

_WRITTEN = (".wav", ".flac")
_BLOCK = 2**18  # samples of all channels
_LARGEST = 2**31  # bytes


def read(path: str | os.PathLike[str], *, channel: int | None = None) -> Clip:
    """Read a sound file (WAV, FLAC, Ogg, MP3, ...) as a Clip at its own sample rate.

    Parameters
    ----------
    path : the file
    channel : which channel of a file that has several, from 0; None insists on a mono file

    Raises
    ------
    FileNotFoundError
        Where there is no such file, or a folder, pipe or device of that name.
    TypeError
        For a channel that is not a whole number.
    ValueError
        For a file that is not sound, is empty or cut short (which WAV, FLAC, AIFF, CAF and AU
        reveal, Ogg and MP3 do not), has several channels while `channel` is None, lacks that
        channel, holds NaN or infinity, more than 2 GiB or 2^28 samples, or a sample rate above
        384,000 Hz.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"need a sound file, but {path} is {_what(path)}")
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"need a sound file of at most {_LARGEST} bytes; cut {path} into parts")
    content = path.read_bytes()
    check_complete(content, str(path))
    try:
        samples, sample_rate = _decode(content, channel, str(path))
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"need a complete sound file, but {path} could not be read ({error.error_string}); "
            "WAV, FLAC, Ogg and MP3 will do"
        ) from error
    return Clip(check_signal(samples, name=str(path)), sample_rate)


def _what(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    return "a pipe or a device: copy it to a file first" if path.exists() else "not there"


class _Forward(soundfile.SoundFile):
    """A file read from beginning to end, without seeking, which needs a length to be true."""

    def seekable(self) -> bool:
        return False


def _decode(content: bytes, channel: int | None, name: str) -> tuple[np.ndarray, int]:
    """Read one channel block by block: what a header says takes no memory."""
    content, promised = without_length(content)
    parts = [np.empty(0, np.float32)]
    total = 0
    with _Forward(io.BytesIO(content)) as file:
        rate = check_rate(file.samplerate, f"the sample rate of {name}")
        chosen = _check_channel(channel, file.channels, name)
        for part in _blocks(file, promised):
            total = check_length(total + len(part), name)
            parts.append(part[:, chosen].copy())
        if promised is not None and (total < promised or _goes_on(file)):
            raise ValueError(
                f"need a complete sound file, but the header of {name} promises {promised} "
                f"samples, and {total if total < promised else 'more'} follow; copy or download "
                "it again"
            )
    return np.concatenate(parts), rate


def _blocks(file: soundfile.SoundFile, promised: int | None) -> Iterator[np.ndarray]:
    """Yield all samples, or those that were promised."""
    most = max(1, _BLOCK // file.channels)
    total = 0
    while total != promised:
        wanted = most if promised is None else min(most, promised - total)
        block = file.read(wanted, dtype="float32", always_2d=True)
        if not len(block):
            return
        total += len(block)
        yield block


def _goes_on(file: soundfile.SoundFile) -> bool:
    try:
        return len(file.read(1)) > 0
    except soundfile.LibsndfileError:  # what follows is no sound, but a tag perhaps
        return False


def _check_channel(channel: int | None, channels: int, name: str) -> int:
    if channel is None and channels > 1:
        raise ValueError(
            f"need a mono file, but {name} has {channels} channels; "
            f"pass channel=0 to channel={channels - 1}"
        )
    if channel is not None and check_count(channel, "channel", minimum=0) >= channels:
        raise ValueError(f"need a channel from 0 to {channels - 1} of {name}, got {channel}")
    return channel or 0


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
        Where the file exists and `overwrite` is False, or it is a folder, pipe or device.
    FileNotFoundError
        Where the folder does not exist.
    OSError
        Where the folder may not be written to, or the disk is full.
    TypeError
        For something that is not a Clip.
    ValueError
        For a clip beyond [-1, 1], another ending, or a sample rate above 65,535 Hz that FLAC
        cannot have.
    """
    path = Path(path)
    check_target(path, overwrite=overwrite)
    if check_clip(clip).peak > 1.0:
        raise ValueError(
            f"need samples within [-1, 1] to write, got a peak of {clip.peak:.3f}; "
            "scale the clip with clip.with_peak(0.9)"
        )
    # Rounded here: libsndfile rounds down for WAV and to the nearest for FLAC.
    levels = np.clip(np.rint(clip.samples * np.float32(32768)), -32768, 32767).astype(np.int16)
    content = io.BytesIO()  # libsndfile cannot open every name, and a full disk is not its subject
    form = path.suffix[1:].upper()
    try:
        soundfile.write(content, levels, clip.sample_rate, format=form, subtype="PCM_16")
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"need a sample rate that {form} can have, such as 8000 or 44100 Hz, "
            f"got {clip.sample_rate} Hz; write {path.stem}.wav"
        ) from error
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content.getbuffer())
    return path


def check_target(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Say before the work what `write` would say of the name after it; see there."""
    path = Path(path)
    if path.suffix.lower() not in _WRITTEN:
        raise ValueError(f"need a file name that ends in .wav or .flac, got {path.name!r}")
    check_writable(path)
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already; pass overwrite=True to replace a file")
