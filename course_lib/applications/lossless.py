"""A lossless codec: linear prediction, and Rice codes for what it leaves over.

A sound of 16-bit samples is cut into blocks, shorter ones where it changes. Each block is
predicted by an AR model of its own, whose coefficients are rounded and sent along; whole-number
arithmetic makes the prediction the same wherever it is decoded. The prediction errors are mostly
small, and Rice codes are short for small numbers; how small is said anew for every part of a
block. Where no predictor helps (noise), the samples stand as they are. Low bits that all
samples of a block share are sent once: those of 8-bit recordings, and all 16 of a constant.

File layout, little-endian: ``ARL2``, sample rate (4 bytes), number of samples (4), CRC-32 of all
else (4), then the frames, of 2048 samples each, filled with zeros to whole bytes. A frame is one
block of 2048 samples, or blocks of 1024, 512 or 256 that fill it. A block: s, for 256 * 2^s
samples (2 bits); the number w of shared low bits (5), and these (w, two's complement); order (4);
if it is not 0, shift (4), width - 1 of a coefficient (4) and the coefficients (two's complement);
p, for 2^p parts (3); then every part: its code (5) and its folded errors. A code below 15 is a
Rice parameter; else it is 15 plus the bits of each number. Notebook: 02.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Int16, UInt8

from course_lib.core import SignalLike, check_count
from course_lib.features.quantise import LinearQuantiser
from course_lib.kernels import rice

MAGIC = b"ARL2"
SHORTEST = 256  # samples of a block; 16 ms at 16 kHz
LONGEST = 2048  # samples of a frame
FINEST = 4  # a block has up to 2^4 parts
MAX_ORDER = 15
_HEADER = struct.Struct("<4sIII")


def to_pcm16(x: SignalLike) -> Int16[np.ndarray, "time"]:
    """Round amplitudes in [-1, 1] to 16-bit samples; those read from a 16-bit file come out exact.

    Raises
    ------
    TypeError, ValueError
        For a signal that is not mono, finite, floating point and within [-1, 1].
    """
    return (LinearQuantiser(bits=16).encode(x) - 32768).astype(np.int16)


def encode(samples: Int16[np.ndarray, "time"], sample_rate: int) -> bytes:
    """Compress 16-bit samples; `decode` returns exactly these samples and this rate.

    Raises
    ------
    TypeError, ValueError
        For samples that are not int16 of shape (time,), none of them or 2^32 or more, or a
        sample rate that is not a whole number from 1 to 2^32 - 1 Hz.

    References
    ----------
    Robinson (1994), "SHORTEN: simple lossless and near-lossless waveform compression"; Rice
    (1979), "Some practical universal noiseless coding techniques"; RFC 9639 (FLAC), section 9.2.
    Notebook: 02.
    """
    samples = np.asarray(samples)
    if samples.dtype != np.int16:
        raise TypeError(f"need int16 samples, got {samples.dtype}; make them with to_pcm16(clip)")
    if samples.ndim != 1 or not 0 < len(samples) < 2**32:
        raise ValueError(f"need one or more samples of shape (time,), got shape {samples.shape}")
    if check_count(sample_rate, "sample_rate") >= 2**32:
        raise ValueError(f"need a sample rate below 2^32 Hz, got {sample_rate}")
    x = np.concatenate([np.zeros(MAX_ORDER, np.int64), samples])  # the past of the first sample
    frames = (_encode_frame(x, start, LONGEST) for start in range(MAX_ORDER, len(x), LONGEST))
    payload = b"".join(np.packbits(frame).tobytes() for frame in frames)
    checksum = _checksum(sample_rate, len(samples), payload)
    return _HEADER.pack(MAGIC, sample_rate, len(samples), checksum) + payload


def decode(data: bytes) -> tuple[Int16[np.ndarray, "time"], int]:
    """Return the samples and the sample rate that `encode` was given.

    Raises
    ------
    TypeError
        For anything but bytes.
    ValueError
        For bytes that are not of this codec, are cut short, or were altered.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"need bytes, got {type(data).__name__}")
    data = bytes(data)
    if data[:4] != MAGIC:
        raise ValueError(f"need bytes that start with {MAGIC!r}, got {data[:4]!r}")
    if len(data) <= _HEADER.size:
        raise ValueError(f"need more than the {_HEADER.size} bytes of a header, got {len(data)}")
    _, sample_rate, length, checksum = _HEADER.unpack_from(data)
    payload = data[_HEADER.size :]
    if _checksum(sample_rate, length, payload) != checksum:
        raise ValueError(
            f"the checksum does not fit these {len(data)} bytes: they were cut short or altered; "
            "get the whole file again"
        )
    x = np.zeros(MAX_ORDER + length, np.int64)
    buffer = np.frombuffer(payload, np.uint8)
    start, position = MAX_ORDER, 0
    while start < len(x):
        if (start - MAX_ORDER) % LONGEST == 0:  # a frame begins with a whole byte
            position = -(-position // 8) * 8
        start, position = _decode_block(buffer, position, x, start)
    return x[MAX_ORDER:].astype(np.int16), sample_rate


def rice_code(value: int, parameter: int) -> str:
    """Return the Rice code of a whole number as a string of 0 and 1.

    With v = 2 e for e >= 0 and v = -2 e - 1 below zero, v >> parameter zeros, a one, and the low
    `parameter` bits of v: short for small numbers, and best where the numbers' magnitude is
    typically near 2^parameter.

    Raises
    ------
    TypeError, ValueError
        For a value that is not whole, or a parameter below 0.
    """
    value = check_count(value, "value", minimum=-(2**62))
    parameter = check_count(parameter, "parameter", minimum=0)
    folded = 2 * value if value >= 0 else -2 * value - 1
    quotient, low = divmod(folded, 2**parameter)
    return "0" * quotient + "1" + (format(low, f"0{parameter}b") if parameter else "")


class Predictor(NamedTuple):
    """Predict x[t] by sum_k coefficients[k] x[t-1-k] / 2^shift; no coefficients predict 0."""

    coefficients: Int[np.ndarray, "order"]
    shift: int

    def fields(self) -> list[tuple[int, int]]:
        """Return what a block says of it, as (number, bits)."""
        c, order = self.coefficients, len(self.coefficients)
        if order == 0:
            return [(0, 4)]
        width = int(np.maximum(c, ~c).max()).bit_length() + 1
        return [(order, 4), (self.shift, 4), (width - 1, 4), *((int(k), width) for k in c)]


# Exact for zeros, constants, lines and parabolas, and unmoved by a jump, which draws a fit away.
POLYNOMIALS = [Predictor(np.array(c, np.int64), 0) for c in ([], [1], [2, -1], [3, -3, 1])]


def quantise_predictor(phi: Float[np.ndarray, "order"], shift: int) -> Predictor:
    """Round AR coefficients to multiples of 2^-shift, or coarser, so that each fits 16 bits.

    The shift that is kept is the smallest that holds the rounded numbers: [2.0, -1.0] needs none.
    """
    largest = float(np.abs(phi).max(initial=2.0**-15))
    shift = int(np.clip(np.floor(np.log2(32767 / largest)), 0, shift))
    coefficients = np.clip(np.rint(phi * 2.0**shift), -32768, 32767).astype(np.int64)
    while shift > 0 and not np.any(coefficients & 1):
        coefficients, shift = coefficients >> 1, shift - 1
    return Predictor(coefficients, shift)


def _encode_frame(x: Int[np.ndarray, "time"], start: int, size: int) -> UInt8[np.ndarray, "bits"]:
    """Return x[start:start+size] as one block or as two halves, whichever takes fewer bits."""
    whole, half = _encode_block(x, start, size), size // 2
    if size == SHORTEST or start + half >= len(x):
        return whole
    halves = [_encode_frame(x, start, half), _encode_frame(x, start + half, half)]
    return min(whole, np.concatenate(halves), key=len)


def _encode_block(x: Int[np.ndarray, "time"], start: int, size: int) -> UInt8[np.ndarray, "bits"]:
    """Return x[start:start+size] as a block, by the predictor that takes the fewest bits."""
    stop = min(start + size, len(x))
    shared, low = _shared_bits(x[start:stop])
    options = []
    for predictor in (*POLYNOMIALS, _fit(x, start, stop, shared)):
        errors = rice.fold_residual(x, start, stop, *predictor, shared, low)
        bits, cut, codes = rice.plan_parts(errors, size, FINEST)
        fields = [((size // SHORTEST).bit_length() - 1, 2), (shared, 5), (low, shared)]
        fields += [*predictor.fields(), (cut, 3)]
        options.append((bits + sum(width for _, width in fields), fields, errors, cut, codes))
    bits, fields, errors, cut, codes = min(options, key=lambda option: option[0])
    block, position = np.zeros(bits, np.uint8), 0
    for value, width in fields:
        position = rice.write_bits(block, position, value, width)
    rice.write_parts(block, position, errors, size >> cut, codes)
    return block


def _shared_bits(block: Int[np.ndarray, "time"]) -> tuple[int, int]:
    """Return how many low bits all samples share, and these as a number in two's complement."""
    first, differing = int(block[0]), int(np.bitwise_or.reduce(block ^ block[0]))
    shared = (differing & -differing).bit_length() - 1 if differing else 16
    half = 1 << shared >> 1
    return shared, first - ((first + half) >> shared << shared)


def _fit(x: Int[np.ndarray, "time"], start: int, stop: int, shared: int) -> Predictor:
    """Return the least-squares predictor of x[start:stop] whose order promises the fewest bits.

    Errors of energy E take n/2 log2(E) bits, and each coefficient shift + 2 or so. Rounding one
    to 2^-shift adds the energy 4^-shift / 12 of the past to E; a finer shift than where that is
    2 E / n costs more bits than it saves. E does not fall below that of the samples' rounding.
    """
    n, orders = stop - start, np.arange(1, MAX_ORDER + 1)
    block = x[start:stop].astype(np.float64)
    past = np.array([x[start - k : stop - k] for k in orders], np.float64)
    rounding = n / 12
    moments = past @ past.T + rounding * np.eye(MAX_ORDER)
    products = past @ block
    explained = np.linalg.solve(np.linalg.cholesky(moments), products) ** 2  # by each order more
    energies = np.maximum(block @ block - np.cumsum(explained), rounding * 4.0**shared)
    shifts = np.ceil(np.log2(n * moments[0, 0] / (24 * energies)) / 2).clip(0, 15)
    order = orders[np.argmin(n / 2 * np.log2(energies) + orders * (shifts + 2))]
    phi = np.linalg.solve(moments[:order, :order], products[:order])
    return quantise_predictor(phi, int(shifts[order - 1]))


def _decode_block(
    buffer: UInt8[np.ndarray, "bytes"], position: int, x: Int[np.ndarray, "time"], start: int
) -> tuple[int, int]:
    """Fill x from `start`; return where the next block begins, in x and in the bits."""
    size, position = rice.read_bits(buffer, position, 2)
    size = SHORTEST << size
    shared, position = rice.read_bits(buffer, position, 5)
    low, position = rice.read_signed(buffer, position, shared)
    order, position = rice.read_bits(buffer, position, 4)
    coefficients, shift = np.zeros(order, np.int64), 0
    if order:
        shift, position = rice.read_bits(buffer, position, 4)
        width, position = rice.read_bits(buffer, position, 4)
        for k in range(order):
            coefficients[k], position = rice.read_signed(buffer, position, width + 1)
    cut, position = rice.read_bits(buffer, position, 3)
    stop = min(start + size, len(x))
    errors = np.zeros(stop - start, np.int64)
    position = rice.read_parts(buffer, position, errors, size >> cut)
    if position < 0:
        raise ValueError("the codes end before the last sample: these bytes were altered")
    rice.unfold_residual(x, start, stop, coefficients, shift, shared, low, errors)
    return stop, position


def _checksum(sample_rate: int, length: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(struct.pack("<II", sample_rate, length)))
