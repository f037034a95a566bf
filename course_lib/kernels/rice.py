"""Compiled bit writing, Rice codes and integer prediction; twins stand in ``models.lossless``.

Bits fill each byte from its high end.  A position counts bits from the start of the buffer; a
reader that would pass the buffer's end returns position -1.
"""

from __future__ import annotations

import numpy as np

from course_lib.kernels.compiling import compiled

_compiled = compiled()

ALL_ZERO = 31  # in place of a Rice parameter: every value is zero, and none is written
LARGEST = 17  # the largest Rice parameter that a 16-bit residual can need


@_compiled
def write_bits(buffer, position, value, width):
    """Write the low `width` bits of `value`, highest first; return the new position."""
    for shift in range(width - 1, -1, -1):
        if (value >> shift) & 1:
            buffer[position >> 3] |= np.uint8(128 >> (position & 7))
        position += 1
    return position


@_compiled
def read_bits(buffer, position, width):
    """Read `width` bits: (value, new position)."""
    if position < 0 or position + width > 8 * len(buffer):
        return 0, -1
    value = 0
    for _ in range(width):
        value = value << 1 | (buffer[position >> 3] >> (7 - (position & 7))) & 1
        position += 1
    return value, position


@_compiled
def write_rice(buffer, position, values, parameter):
    """Write non-negative values: v >> parameter zeros, a one, then the low bits of v."""
    for i in range(len(values)):
        position += values[i] >> parameter  # the buffer is zero where nothing was written
        position = write_bits(buffer, position, 1, 1)
        position = write_bits(buffer, position, values[i], parameter)
    return position


@_compiled
def read_rice(buffer, position, values, parameter):
    """Fill `values`; return the new position."""
    for i in range(len(values)):
        quotient = 0
        while True:
            bit, position = read_bits(buffer, position, 1)
            if position < 0:
                return -1
            if bit:
                break
            quotient += 1
        low, position = read_bits(buffer, position, parameter)
        if position < 0:
            return -1
        values[i] = quotient << parameter | low
    return position


@_compiled
def plan_rice(values, block, finest):
    """Cut a block into 2^p equal parts, p <= finest, and give each its best Rice parameter.

    Returns the bits that takes, p, and the parameters.  A last, shorter block is cut where a
    whole one would be.
    """
    parts = 1 << finest
    size = block >> finest
    sums = np.zeros((parts, LARGEST + 1), np.int64)
    counts = np.zeros(parts, np.int64)
    for i in range(len(values)):
        part = i // size
        counts[part] += 1
        for k in range(LARGEST + 1):
            sums[part, k] += values[i] >> k
    fewest, best = np.int64(1) << 62, finest
    kept = np.zeros(parts, np.int64)
    parameters = np.zeros(parts, np.int64)
    for p in range(finest, -1, -1):
        bits = 0
        for part in range(1 << p):
            if counts[part] == 0:
                continue
            least = np.int64(1) << 62
            for k in range(LARGEST + 1):
                cost = sums[part, k] + counts[part] * (k + 1)
                if cost < least:
                    least = cost
                    parameters[part] = k
            if sums[part, 0] == 0:
                least = 0
                parameters[part] = ALL_ZERO
            bits += 5 + least
        if bits < fewest:
            fewest, best = bits, p
            kept[:] = parameters
        for part in range(1 << p >> 1):  # join neighbours for the next, coarser cut
            counts[part] = counts[2 * part] + counts[2 * part + 1]
            for k in range(LARGEST + 1):
                sums[part, k] = sums[2 * part, k] + sums[2 * part + 1, k]
    return fewest, best, kept[: 1 << best]


@_compiled
def predict_integer(x, t, coefficients, shift):
    """(sum_k coefficients[k] x[t-1-k]) >> shift, rounded, within 16 bits; zeros before x[0]."""
    total = (1 << shift) >> 1
    for k in range(min(len(coefficients), t)):
        total += coefficients[k] * x[t - 1 - k]
    return min(max(total >> shift, -32768), 32767)


@_compiled
def fold_residual(x, start, stop, coefficients, shift, values):
    """values = 2 e for e >= 0 and -2 e - 1 below, e the prediction error of x[start:stop]."""
    for t in range(start, stop):
        error = x[t] - predict_integer(x, t, coefficients, shift)
        values[t - start] = error << 1 if error >= 0 else (-error << 1) - 1


@_compiled
def unfold_residual(x, start, stop, coefficients, shift, values):
    """Undo `fold_residual`: fill x[start:stop] from the samples before it and the values."""
    for t in range(start, stop):
        value = values[t - start]
        error = value >> 1 if value & 1 == 0 else -((value + 1) >> 1)
        x[t] = predict_integer(x, t, coefficients, shift) + error
