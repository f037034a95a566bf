"""Lossless files by any model that shares out probability exactly: bits per sample made bytes.

File layout, little-endian: ``ACZ1``; CRC-32 of all that follows (4 bytes); CRC-32 of the levels
(4); fingerprint of the model (4); sample rate (4); number of samples (4); the grid (1: n up to
8 for n-bit mu-law, 16 for 16-bit linear levels); length of the model's name (1) and the name; then
the bits of the arithmetic coder. The model is not in the file: whoever decodes has it already.

The first checksum tells damage at once. The second tells a processor whose arithmetic is not the
encoder's: what does not come back bit for bit is refused. Notebook: 17.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from course_lib.applications.arithmetic import TOTAL, ArithmeticDecoder, ArithmeticEncoder
from course_lib.applications.exact import ExactModel
from course_lib.core import check_codes, check_count
from course_lib.features.quantise import LinearQuantiser, MuLaw

MAGIC = b"ACZ1"
GRIDS: dict[int, MuLaw | LinearQuantiser] = {n: MuLaw(2**n) for n in range(1, 9)}
"""The grids of files, by the number that stands for each: bits per level."""
GRIDS[16] = LinearQuantiser(16)

_HEADER = struct.Struct("<4sIIIIIBB")


class Header(NamedTuple):
    """What a file says of itself."""

    model: str
    """The name of the model that it was written with."""
    fingerprint: int
    """Of that model; another with the same name cannot read it."""
    encoding: MuLaw | LinearQuantiser
    """The levels that come back."""
    sample_rate: int
    """In Hz."""
    samples: int
    """How many."""
    checksum: int
    """CRC-32 of the levels."""
    payload: bytes
    """The arithmetic coder's bits."""


def compress(
    codes: Int[np.ndarray, "time"],
    model: ExactModel,
    *,
    name: str,
    sample_rate: int,
    progress: Callable[[int], None] | None = None,
) -> bytes:
    """Return a file from which `decompress` restores exactly these levels.

    Parameters
    ----------
    codes : levels of the model's grid
    model : shares out the probability of each next level
    name : of the model, by which it will be found again
    sample_rate : in Hz
    progress : called after each 100 samples with that number

    Raises
    ------
    TypeError, ValueError
        For codes that are not levels of the model's grid, a grid that files do not have, a name
        that is not 1 to 255 bytes of UTF-8, or a sample rate that is not 1 to 2^32 - 1 Hz.

    References
    ----------
    Shannon (1948), "A mathematical theory of communication", theorem 9; Witten, Neal and Cleary
    (1987), "Arithmetic coding for data compression". Notebook: 17.
    """
    grid = next((key for key, known in GRIDS.items() if known == model.encoding), None)
    if grid is None:
        raise ValueError(
            "need a model of µ-law levels of 1 to 8 bits, or of 16-bit linear ones, "
            f"got {model.encoding.name}"
        )
    codes = check_codes(codes, model.encoding.levels)
    sample_rate = check_count(sample_rate, "sample_rate", maximum=2**32 - 1)
    label = name.encode()
    if not 1 <= len(label) <= 255:
        raise ValueError(f"need a model's name of 1 to 255 bytes, got {len(label)}")
    past, encoder = model.begin(), ArithmeticEncoder()
    for number, level in enumerate(codes.tolist(), 1):
        encoder.encode(past.cumulative(level), past.cumulative(level + 1))
        past.hear(level)
        if progress is not None and number % 100 == 0:
            progress(100)
    fields = (_checksum(codes), model.fingerprint, sample_rate, len(codes), grid, len(label))
    packed = _HEADER.pack(MAGIC, 0, *fields) + label + encoder.finish()
    return MAGIC + struct.pack("<I", zlib.crc32(packed[8:])) + packed[8:]


def read_header(data: bytes) -> Header:
    """Return what a file says of itself, once its checksum says that it is whole.

    Raises
    ------
    TypeError
        For anything but bytes.
    ValueError
        For bytes that are not of this format, are cut short, or were altered.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"need bytes, got {type(data).__name__}")
    data = bytes(data)
    if data[:4] != MAGIC:
        raise ValueError(
            f"need a file that starts with {MAGIC!r}, as `course compress` writes them, "
            f"got {data[:4]!r}"
        )
    if len(data) < _HEADER.size:
        raise ValueError(f"need the {_HEADER.size} bytes of a header, got {len(data)}")
    _, whole, checksum, fingerprint, rate, samples, grid, size = _HEADER.unpack_from(data)
    if zlib.crc32(data[8:]) != whole:
        raise ValueError(
            f"the checksum does not fit these {len(data)} bytes: they were cut short or altered; "
            "get the whole file again"
        )
    label = data[_HEADER.size : _HEADER.size + size].decode(errors="replace")
    if grid not in GRIDS or not rate or not samples:
        raise ValueError("need a file of version 1, got one with fields that it does not have")
    payload = data[_HEADER.size + size :]
    return Header(label, fingerprint, GRIDS[grid], rate, samples, checksum, payload)


def decompress(
    data: bytes, model: ExactModel, *, progress: Callable[[int], None] | None = None
) -> Int[np.ndarray, "time"]:
    """Return the levels that `compress` was given.

    Raises
    ------
    TypeError, ValueError
        As `read_header`; for another model than the file was written with; and where the levels
        do not come back.
    """
    header = read_header(data)
    if (header.encoding, header.fingerprint) != (model.encoding, model.fingerprint):
        raise ValueError(
            f"need the model {header.model} with the fingerprint {header.fingerprint:08x} that "
            f"this file was written with, got {model.fingerprint:08x}; its weights have changed"
        )
    past, decoder = model.begin(), ArithmeticDecoder(header.payload)
    codes = np.empty(header.samples, np.int64)
    for t in range(header.samples):
        level = decoder.decode(past.cumulative, header.encoding.levels)
        past.hear(level)
        codes[t] = level
        if progress is not None and (t + 1) % 100 == 0:
            progress(100)
    if _checksum(codes) != header.checksum:
        raise ValueError(
            "the levels do not come back: this computer's arithmetic is not that of the computer "
            "that wrote the file; decode it there"
        )
    return codes


def code_length(codes: Int[np.ndarray, "time"], model: ExactModel) -> float:
    """Return -log2 of the probability that the shares give the levels: the coder's ideal, in bits.

    Raises
    ------
    TypeError, ValueError
        For codes that are not levels of the model's grid.
    """
    past, bits = model.begin(), 0.0
    for level in check_codes(codes, model.encoding.levels).tolist():
        share = past.cumulative(level + 1) - past.cumulative(level)
        bits -= float(np.log2(share / TOTAL))
        past.hear(level)
    return bits


def _checksum(codes: Int[np.ndarray, "time"]) -> int:
    return zlib.crc32(codes.astype("<i8").tobytes())
