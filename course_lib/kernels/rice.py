"""Compiled bit writing, Rice codes and integer prediction; twins: ``applications.lossless``.

A writer fills an array that holds a bit in each byte. A reader takes packed bytes, each from its
high end. A position counts bits from the start; a reader that would pass the end returns -1.
"""

from __future__ import annotations

import numpy as np

from course_lib.kernels.compiling import compiled

_compiled = compiled()

PLAIN = 15  # a part's code: a Rice parameter below 15, and from here on a width of plain numbers
WIDEST = 16  # bits of a plain number: no sample needs more
CODE_BITS = 5  # of a part's code: 15 Rice parameters and the widths 0 to 16 make 32


@_compiled
def write_bits(bits, position, value, width):
    """Write the low `width` bits of `value`, highest first; return the new position."""
    for shift in range(width - 1, -1, -1):
        bits[position] = (value >> shift) & 1
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
def read_signed(buffer, position, width):
    """Read a number in two's complement: (value, new position)."""
    raw, position = read_bits(buffer, position, width)
    return raw - (raw << 1 >> width << width), position


@_compiled
def write_parts(bits, position, values, size, codes):
    """Write non-negative values; each `size` of them, a part, follow their code.

    A Rice parameter k: v >> k zeros, a one, and the low k bits of v. A width: v in that many
    bits, so that a part of zeros takes none.
    """
    for i in range(len(values)):
        code = codes[i // size]
        if i % size == 0:
            position = write_bits(bits, position, code, CODE_BITS)
        width = code - PLAIN
        if code < PLAIN:
            width = code
            position += values[i] >> code  # the array is zero where nothing was written
            position = write_bits(bits, position, 1, 1)
        position = write_bits(bits, position, values[i], width)
    return position


@_compiled
def read_parts(buffer, position, values, size):
    """Undo `write_parts`: fill `values`; return the new position."""
    code = 0
    for i in range(len(values)):
        if i % size == 0:
            code, position = read_bits(buffer, position, CODE_BITS)
        width, quotient = code - PLAIN, 0
        if code < PLAIN:
            width = code
            bit, position = read_bits(buffer, position, 1)
            while position >= 0 and bit == 0:
                quotient += 1
                bit, position = read_bits(buffer, position, 1)
        low, position = read_bits(buffer, position, width)
        if position < 0:
            return -1
        values[i] = quotient << width | low
    return position


@_compiled
def _measure_part(values, sums):
    """Fill sums[k] with the sum of v >> k; return the width that holds every value."""
    width = 0
    for i in range(len(values)):
        rest, k = values[i], 0
        while rest > 0:
            if k < PLAIN:
                sums[k] += rest
            rest >>= 1
            k += 1
        width = max(width, k)
    return width


@_compiled
def _best_code(count, sums, width):
    """Return the fewest bits that `count` values take, and the code that does it."""
    fewest, code = np.int64(1) << 62, 0
    if width <= WIDEST:
        fewest, code = count * width, PLAIN + width
    for k in range(PLAIN):
        bits = sums[k] + count * (k + 1)
        if bits < fewest:
            fewest, code = bits, k
    return fewest, code


@_compiled
def plan_parts(values, block, finest):
    """Cut a block into 2^p equal parts, p <= finest, and give each its best code.

    Returns the bits that takes, codes included, p, and the codes. A last, shorter block is cut
    where a whole one would be.
    """
    parts, size = 1 << finest, block >> finest
    sums = np.zeros((parts, PLAIN), np.int64)
    counts, widths = np.zeros(parts, np.int64), np.zeros(parts, np.int64)
    for part in range(parts):
        inside = values[part * size : (part + 1) * size]
        counts[part] = len(inside)
        widths[part] = _measure_part(inside, sums[part])
    fewest, best = np.int64(1) << 62, finest
    codes, kept = np.zeros(parts, np.int64), np.zeros(parts, np.int64)
    for p in range(finest, -1, -1):
        total = 0
        for part in range(1 << p):
            if counts[part] > 0:
                bits, codes[part] = _best_code(counts[part], sums[part], widths[part])
                total += CODE_BITS + bits
        if total < fewest:
            fewest, best = total, p
            kept[:] = codes
        for part in range(1 << p >> 1):  # join neighbours for the next, coarser cut
            counts[part] = counts[2 * part] + counts[2 * part + 1]
            widths[part] = max(widths[2 * part], widths[2 * part + 1])
            for k in range(PLAIN):
                sums[part, k] = sums[2 * part, k] + sums[2 * part + 1, k]
    return fewest, best, kept[: 1 << best]


@_compiled
def predict_integer(x, t, coefficients, shift, shared, low):
    """Predict n in x[t] = n 2^shared + low, rounded, and such that x[t] would have 16 bits.

    (sum_k coefficients[k] x[t-1-k] / 2^shift - low) / 2^shared.
    """
    lowest, highest = -((32768 + low) >> shared), (32767 - low) >> shared
    total = ((1 << (shift + shared)) >> 1) - (low << shift)
    for k in range(len(coefficients)):
        total += coefficients[k] * x[t - 1 - k]
    return min(max(total >> (shift + shared), lowest), highest)


@_compiled
def fold_residual(x, start, stop, coefficients, shift, shared, low):
    """Return 2 e for e >= 0 and -2 e - 1 below, e the prediction errors of x[start:stop]."""
    values = np.empty(stop - start, np.int64)
    for t in range(start, stop):
        above = (x[t] - low) >> shared
        error = above - predict_integer(x, t, coefficients, shift, shared, low)
        values[t - start] = error << 1 if error >= 0 else (-error << 1) - 1
    return values


@_compiled
def unfold_residual(x, start, stop, coefficients, shift, shared, low, values):
    """Undo `fold_residual`: fill x[start:stop] from the samples before it and the values."""
    for t in range(start, stop):
        value = values[t - start]
        error = value >> 1 if value & 1 == 0 else -((value + 1) >> 1)
        above = predict_integer(x, t, coefficients, shift, shared, low) + error
        x[t] = (above << shared) + low
