"""What networks do at every sample: matrix products, activations, drawing from the outputs.

A sampler multiplies one vector by every matrix of its network, so that the matrices' way from
memory sets the pace. `pack` cuts a matrix into panels of 32 outputs, which lie in memory in the
order in which `product` reads them; a panel's sums stay in registers while it is read. Numbers
that float16 can hold are kept in half the memory; all computing is in float32.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from course_lib.kernels.compiling import compiled

# Additions may be reordered, so that the loops vectorise; infinities and NaN keep their meaning.
_REORDER = ("reassoc", "contract", "nsz")
_compiled = compiled(fastmath=set(_REORDER))

PANEL = 32
"""Outputs of a panel."""
ROWS = 4
"""Inputs of a pass, each with sums of its own, so that no addition waits for the one before."""
_LANES = 16
_ALIGNMENT = 64

_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)


# ------------------------------------------------------------------ products


def _target_widens_float16() -> bool:
    """Whether the processor that numba compiles for turns float16 into float32 by itself."""
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    return triple.startswith(("aarch64", "arm64")) or "+f16c" in features.split(",")


HALVES = _target_widens_float16()
"""Whether float16 weights are read as they are; where not, they are packed as float32."""


def fits_float16(*weights: np.ndarray) -> bool:
    """Whether float16 holds every one of these numbers exactly."""
    with np.errstate(over="ignore"):
        return all(np.array_equal(np.asarray(w).astype(np.float16), w) for w in weights)


def pack(weights: np.ndarray, *, half: bool = False) -> np.ndarray:
    """Cut matrices (..., inputs, outputs) into panels, (..., panels, inputs, 32).

    Zeros fill up the last panel, and the inputs to a multiple of four. The result begins where a
    line of the cache begins.

    Parameters
    ----------
    weights : numbers of float32
    half : whether to keep them as the bits of float16s, where `HALVES` are read
    """
    *many, inputs, outputs = weights.shape
    rows, panels = padded(inputs, ROWS), padded(outputs, PANEL) // PANEL
    whole = np.zeros((*many, rows, panels * PANEL), np.float32)
    whole[..., :inputs, :outputs] = weights
    whole = np.moveaxis(whole.reshape(*many, rows, panels, PANEL), -2, -3)
    half = half and HALVES
    result = aligned(*many, panels, rows, PANEL, dtype=np.float16 if half else np.float32)
    result[...] = whole
    return result.view(np.uint16) if half else result


def padded(count: int, multiple: int) -> int:
    """Return the least multiple that is not below `count`."""
    return -(-count // multiple) * multiple


def aligned(*shape: int, dtype: type = np.float32) -> np.ndarray:
    """Return zeros that begin where a line of the cache begins."""
    size = np.dtype(dtype).itemsize * int(np.prod(shape))
    raw = np.zeros(size + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size].view(dtype).reshape(shape)


@intrinsic
def _panel_product(typingctx, x, panel, out):
    """out[o] = sum_i x[i] panel[i, o], with the sums in vector registers.

    Written for the compiler in vectors of 16 numbers, which it splits where the machine's are
    shorter. numba's own loops keep the sums in memory, at half the speed. A uint16 holds the bits
    of a float16.
    """

    def codegen(context, builder, signature, args):
        inputs, weights, result = (
            context.make_array(kind)(context, builder, value=value)
            for kind, value in zip(signature.args, args, strict=True)
        )
        vector = ir.VectorType(ir.FloatType(), _LANES)
        first_lane = ir.Constant(ir.VectorType(ir.IntType(32), _LANES), [0] * _LANES)
        undefined = ir.Constant(vector, ir.Undefined)

        def at(array, index, kind):
            return builder.bitcast(builder.gep(array.data, [index]), kind.as_pointer())

        def weights_at(index):
            if signature.args[1].dtype != types.uint16:
                return builder.load(at(weights, index, vector), align=4)
            halves = ir.VectorType(ir.HalfType(), _LANES)
            return builder.fpext(builder.load(at(weights, index, halves), align=2), vector)

        rows = cgutils.unpack_tuple(builder, weights.shape)[0]

        def number(value):
            return ir.Constant(rows.type, value)

        parts = PANEL // _LANES
        nothing = ir.Constant(vector, [0.0] * _LANES)
        sums = [
            [cgutils.alloca_once_value(builder, nothing) for _ in range(parts)] for _ in range(ROWS)
        ]  # the compiler turns these into registers
        with cgutils.for_range(builder, builder.sdiv(rows, number(ROWS))) as loop:
            for r, own in enumerate(sums):
                i = builder.add(builder.mul(loop.index, number(ROWS)), number(r))
                x_i = builder.load(builder.gep(inputs.data, [i]))
                x_i = builder.insert_element(undefined, x_i, ir.Constant(ir.IntType(32), 0))
                x_i = builder.shuffle_vector(x_i, undefined, first_lane)
                for part, total in enumerate(own):
                    o = builder.add(builder.mul(i, number(PANEL)), number(part * _LANES))
                    term = builder.fmul(x_i, weights_at(o), flags=_REORDER)
                    builder.store(builder.fadd(builder.load(total), term, flags=_REORDER), total)
        for part in range(parts):
            total = builder.load(sums[0][part])
            for own in sums[1:]:
                total = builder.fadd(total, builder.load(own[part]), flags=_REORDER)
            builder.store(total, at(result, number(part * _LANES), vector), align=4)
        return context.get_dummy_value()

    return types.void(x, panel, out), codegen


@_compiled
def product(x, panels, out):
    """out = x @ weights, for packed weights; both vectors are as long as whole panels need.

    Parameters
    ----------
    x : (inputs,), a multiple of `ROWS`, zero where the matrix has no row
    panels : (panels, inputs, 32), a matrix of `pack`
    out : (panels, 32)
    """
    for p in range(len(panels)):
        _panel_product(x, panels[p], out[p])


# ------------------------------------------------------------------ activations


@_compiled
def rectify(x):
    """Put max(x, 0) in the place of x."""
    for i in range(len(x)):
        x[i] = max(x[i], _ZERO)


@_compiled
def tanh_parts(x):
    """Return p and q with tanh(x) = p / q within 4e-7.

    Lambert's continued fraction x / (1 + x^2 / (3 + x^2 / (5 + ...))), cut off after eleven
    denominators; at |x| = 7.45 it has come so near to 1 that it may stay there.
    """
    x = min(max(x, np.float32(-7.45)), np.float32(7.45))
    y = x * x
    p = np.float32(1.0 / 13749310575.0) * y + np.float32(2145.0 / 13749310575.0)
    p = p * y + np.float32(675675.0 / 13749310575.0)
    p = p * y + np.float32(64324260.0 / 13749310575.0)
    p = p * y + np.float32(1964187225.0 / 13749310575.0)
    p = p * y + _ONE
    q = np.float32(66.0 / 13749310575.0) * y + np.float32(45045.0 / 13749310575.0)
    q = q * y + np.float32(7567560.0 / 13749310575.0)
    q = q * y + np.float32(413513100.0 / 13749310575.0)
    q = q * y + np.float32(6547290750.0 / 13749310575.0)
    q = q * y + _ONE
    return x * p, q


@_compiled
def gated(a, bias, z):
    """z = tanh(c) * sigmoid(g) with [c, g] = a + bias; sigmoid(g) = (1 + tanh(g / 2)) / 2."""
    units = len(z)
    content, content_bias = a[:units], bias[:units]
    gate, gate_bias = a[units : 2 * units], bias[units:]
    for i in range(units):
        p, q = tanh_parts(content[i] + content_bias[i])
        r, s = tanh_parts(_HALF * (gate[i] + gate_bias[i]))
        z[i] = _HALF * p * (s + r) / (q * s)


# ------------------------------------------------------------------ drawing


@_compiled
def exponentials(x):
    """Put exp(x) in the place of every x <= 0, within 3e-7 of it; below e^-86 it is 0.

    e^x = 2^n 2^f with a whole n and |f| <= 1/2: a series for 2^f, and n as a float's exponent.
    """
    powers = np.empty(len(x), np.int32)
    for k in range(len(x)):
        y = max(x[k] * np.float32(1.4426950408889634), np.float32(-200.0))
        n = np.floor(y + _HALF)
        f = (y - n) * np.float32(0.6931471805599453)
        series = np.float32(1.0 / 720.0) * f + np.float32(1.0 / 120.0)
        series = series * f + np.float32(1.0 / 24.0)
        series = series * f + np.float32(1.0 / 6.0)
        series = (series * f + _HALF) * f + _ONE
        x[k] = series * f + _ONE if y > np.float32(-125.0) else _ZERO
        powers[k] = np.int32(max(n, np.float32(-126.0)) + np.float32(127.0)) << np.int32(23)
    scales = powers.view(np.float32)
    for k in range(len(x)):
        x[k] *= scales[k]


@_compiled
def draw(logits, temperature, uniform):
    """Return the first level whose cumulative softmax(logits / temperature) exceeds `uniform`.

    At temperature 0 the likeliest level. `logits` is used up.
    """
    best = 0
    for k in range(len(logits)):
        if logits[k] > logits[best]:
            best = k
    if temperature == 0.0:
        return best
    highest, scale = logits[best], np.float32(min(1.0 / temperature, 1e30))
    for k in range(len(logits)):
        logits[k] = (logits[k] - highest) * scale
    exponentials(logits)
    total = 0.0
    for k in range(len(logits)):
        total += logits[k]
    ticket, cumulative = uniform * total, 0.0
    for k in range(len(logits)):
        cumulative += logits[k]
        if cumulative > ticket:
            return k
    return best  # where rounding left the sum below the ticket
