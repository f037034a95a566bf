"""A lossless codec: linear prediction, and Rice codes for what it leaves over.

A sound of 16-bit samples is cut into blocks.  Each block is predicted by an AR model of its own,
whose coefficients are rounded and sent along; whole-number arithmetic makes the prediction the
same wherever it is decoded.  The prediction errors are nearly Laplace-distributed, for which Rice
codes are nearly as short as the likelihood allows.

File layout, little-endian: ``ARLC``, sample rate (4 bytes), number of samples (4), CRC-32 of all
else (4), then the bits of the blocks.  A block: order (5 bits); if it is not 0, shift (4) and the
coefficients (10 each, two's complement); p, for 2^p parts (3); then for every part its Rice
parameter (5) and its codes.  Notebook 02 tells its story.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from jaxtyping import Float, Int, Int16

from course_lib.core import SignalLike, check_count
from course_lib.features.quantise import LinearQuantiser
from course_lib.kernels import rice
from course_lib.kernels.ar import autocorrelation, levinson

MAGIC = b"ARLC"
BLOCK = 512  # samples; 32 ms at 16 kHz
FINEST = 4  # a block has up to 2^4 parts
MAX_ORDER = 16
PRECISION = 10  # bits of a coefficient
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
    (1979), "Some practical universal noiseless coding techniques".  Notebook: 02.
    """
    samples = np.asarray(samples)
    if samples.dtype != np.int16:
        raise TypeError(f"need int16 samples, got {samples.dtype}; make them with to_pcm16(clip)")
    if samples.ndim != 1 or not 0 < len(samples) < 2**32:
        raise ValueError(f"need one or more samples of shape (time,), got shape {samples.shape}")
    if check_count(sample_rate, "sample_rate") >= 2**32:
        raise ValueError(f"need a sample rate below 2^32 Hz, got {sample_rate}")
    x = samples.astype(np.int64)
    blocks = -(-len(x) // BLOCK)
    buffer = np.zeros(3 * len(x) + 64 * blocks, np.uint8)  # 19 bits a sample are the worst case
    position = 0
    for start in range(0, len(x), BLOCK):
        position = _encode_block(buffer, position, x, start, min(start + BLOCK, len(x)))
    payload = buffer[: -(-position // 8)].tobytes()
    checksum = _checksum(sample_rate, len(x), payload)
    return _HEADER.pack(MAGIC, sample_rate, len(x), checksum) + payload


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
    x = np.zeros(length, np.int64)
    buffer = np.frombuffer(payload, np.uint8)
    position = 0
    for start in range(0, length, BLOCK):
        position = _decode_block(buffer, position, x, start, min(start + BLOCK, length))
    return x.astype(np.int16), sample_rate


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


def quantise_predictor(phi: Float[np.ndarray, "order"]) -> tuple[Int[np.ndarray, "order"], int]:
    """Round AR coefficients to whole numbers c and a shift: phi is nearly c / 2^shift.

    The shift is the largest, up to 15, at which every coefficient fits into 10 bits.
    """
    limit = 2 ** (PRECISION - 1) - 1
    largest = np.abs(phi).max(initial=2.0**-15)
    shift = int(np.clip(np.floor(np.log2(limit / largest)), 0, 15))
    return np.clip(np.rint(phi * 2**shift), -limit - 1, limit).astype(np.int64), shift


def _encode_block(
    buffer: np.ndarray, position: int, x: Int[np.ndarray, "time"], start: int, stop: int
) -> int:
    """Write x[start:stop] with the order that takes the fewest bits; return the new position."""
    plans = []
    for coefficients, shift in _candidates(x[start:stop] / 32768.0):
        values = np.empty(stop - start, np.int64)
        rice.fold_residual(x, start, stop, coefficients, shift, values)
        bits, cut, parameters = rice.plan_rice(values, BLOCK, FINEST)
        total = bits + (4 + PRECISION * len(coefficients) if len(coefficients) else 0)
        plans.append((total, coefficients, shift, values, cut, parameters))
    _, coefficients, shift, values, cut, parameters = min(plans, key=lambda plan: plan[0])
    position = rice.write_bits(buffer, position, len(coefficients), 5)
    if len(coefficients):
        position = rice.write_bits(buffer, position, shift, 4)
        for coefficient in coefficients:
            position = rice.write_bits(buffer, position, coefficient, PRECISION)
    position = rice.write_bits(buffer, position, cut, 3)
    size = BLOCK >> cut
    for part, parameter in enumerate(parameters):
        inside = values[part * size : (part + 1) * size]
        if len(inside):
            position = rice.write_bits(buffer, position, parameter, 5)
            if parameter != rice.ALL_ZERO:
                position = rice.write_rice(buffer, position, inside, parameter)
    return position


def _candidates(
    block: Float[np.ndarray, "time"],
) -> list[tuple[Int[np.ndarray, "order"], int]]:
    """Return the rounded predictors of orders 0, 1, ... that fit a block, each with its shift."""
    order = min(MAX_ORDER, len(block) - 1)
    taper = np.sin(np.pi * (np.arange(len(block)) + 0.5) / len(block))
    r = autocorrelation(block * taper, order)
    plain = (np.zeros(0, np.int64), 0)
    if r[0] == 0:
        return [plain]
    return [plain] + [quantise_predictor(levinson(r[: m + 1])[0]) for m in range(1, order + 1)]


def _decode_block(
    buffer: np.ndarray, position: int, x: Int[np.ndarray, "time"], start: int, stop: int
) -> int:
    """Fill x[start:stop]; return the new position."""
    order, position = rice.read_bits(buffer, position, 5)
    coefficients, shift = np.zeros(order, np.int64), 0
    if order:
        shift, position = rice.read_bits(buffer, position, 4)
        for k in range(order):
            raw, position = rice.read_bits(buffer, position, PRECISION)
            coefficients[k] = raw - (raw >> (PRECISION - 1) << PRECISION)
    cut, position = rice.read_bits(buffer, position, 3)
    values = np.zeros(stop - start, np.int64)
    size = BLOCK >> cut
    for first in range(0, stop - start, size):
        parameter, position = rice.read_bits(buffer, position, 5)
        if parameter != rice.ALL_ZERO:
            position = rice.read_rice(buffer, position, values[first : first + size], parameter)
    if position < 0:
        raise ValueError("the codes end before the last sample: these bytes were altered")
    rice.unfold_residual(x, start, stop, coefficients, shift, values)
    return position


def _checksum(sample_rate: int, length: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(struct.pack("<II", sample_rate, length)))
