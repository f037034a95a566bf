"""What the header of a sound file promises, held against what the file has.

libsndfile believes a header: it reads a file that was cut short as if it were whole. Here the
samples that a header promises are looked for in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_LITTLE, _BIG, _LONG = struct.Struct("<4sI"), struct.Struct(">4sI"), struct.Struct(">4sq")
"""How a chunk begins: its name, and its size in bytes."""

_MOST_CHUNKS = 10_000
"""Sound files have dozens; this ends the walk through one that is made of empty chunks."""


_FLAC_LENGTH = slice(18, 26)
"""The bytes of a FLAC file (RFC 9639, section 8.2) that end in the number of samples."""


class _Promise(NamedTuple):
    """Where the samples start, and how many bytes of them the header promises.

    `stray` bytes follow behind an empty chunk of samples and are no chunks themselves.
    """

    start: int
    size: int
    stray: int


def check_complete(content: bytes, name: str) -> None:
    """Refuse a WAV (RIFF, RIFX, RF64), AIFF, CAF or AU file whose samples are not all there.

    The length of the whole file that stands at its beginning does not count: a program may have
    rounded it, or mended it after a cut. Where the samples' own length is one that programs
    write to a pipe, because they do not know it yet, the samples go on to the end of the file.

    Parameters
    ----------
    content : the bytes of the file
    name : what the error message calls it

    Raises
    ------
    ValueError
        For a file that ends before its samples do, or says that it has none where they are.
    """
    promise = _promise(content)
    if promise is None or _streamed(promise.size):
        return
    there = max(0, len(content) - promise.start)
    if promise.size > there:
        raise ValueError(
            f"need a complete sound file, but {name} ends after {there} of {promise.size} bytes "
            "of samples; copy or download it again"
        )
    if promise.stray:
        raise ValueError(
            f"need a complete sound file, but the header of {name} promises no samples, and "
            f"{promise.stray} bytes follow; the program that wrote it was probably stopped: "
            "let it write the file again"
        )


def without_length(content: bytes) -> tuple[bytes, int | None]:
    """Return a FLAC file that says nothing of its length, and the samples that it promised.

    Told of no length, the decoder reads on to the end, and what it finds can be compared with the
    promise. Other files stay as they are; None stands for no promise.
    """
    if content[:4] != b"fLaC" or len(content) < _FLAC_LENGTH.stop:
        return content, None
    field = int.from_bytes(content[_FLAC_LENGTH], "big")
    promised = field % 2**36  # of 64 bits
    nothing = (field - promised).to_bytes(8, "big")
    changed = content[: _FLAC_LENGTH.start] + nothing + content[_FLAC_LENGTH.stop :]
    return changed, promised or None


def _promise(content: bytes) -> _Promise | None:
    form, kind = content[:4], content[8:12]
    if form in (b"RIFF", b"RIFX", b"RF64") and kind == b"WAVE":
        return _in_chunks(content, _BIG if form == b"RIFX" else _LITTLE, 12, b"data", 0)
    if form == b"FORM" and kind in (b"AIFF", b"AIFC"):
        return _in_chunks(content, _BIG, 12, b"SSND", 8)
    if form == b"caff":
        return _in_chunks(content, _LONG, 8, b"data", 4)
    if form in (b".snd", b"dns.") and len(content) >= 12:
        start, size = struct.unpack_from(">II" if form == b".snd" else "<II", content, 4)
        return _Promise(start, size, 0 if size else max(0, len(content) - start))
    return None


def _in_chunks(
    content: bytes, head: struct.Struct, position: int, wanted: bytes, empty: int
) -> _Promise | None:
    """Find the chunk of samples, which has `empty` bytes where there are none."""
    wide = None
    for name, start, size in _chunks(content, head, position):
        if name == b"ds64" and len(content) >= start + 16:  # in a file of type RF64
            (wide,) = struct.unpack_from("<Q", content, start + 8)
        if name == wanted:
            size = size if wide is None else wide
            stray = _stray(content, head, start + size) if size == empty else 0
            return _Promise(start, size, stray)
    return None


def _stray(content: bytes, head: struct.Struct, position: int) -> int:
    """Return how many bytes from this place on belong to no chunk."""
    for name, start, size in _chunks(content, head, position):
        if start + size > len(content) or not all(32 <= letter < 127 for letter in name):
            break
        position = start + size
    left = len(content) - position
    return left if left > 1 else 0  # one byte may fill up an odd chunk


def _chunks(content: bytes, head: struct.Struct, position: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each chunk, where its content starts, and how long that should be."""
    for _ in range(_MOST_CHUNKS):
        if position + head.size > len(content):
            return
        name, size = head.unpack_from(content, position)
        position += head.size
        yield name, position, size
        if size < 0:  # up to the end
            return
        position += size + (0 if head is _LONG else size % 2)


def _streamed(size: int) -> bool:
    """Whether this is what a program promises that does not know yet: about 2 or 4 GiB."""
    return 0x7F000000 <= size <= 0x8000FFFF or 0xFFFF0000 <= size <= 0xFFFFFFFF
